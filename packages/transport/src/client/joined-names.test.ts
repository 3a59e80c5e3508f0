import { expect, test } from "@jest/globals";
import { joinedNames, type AddressListener } from "./name-watch.js";

/** Two sources that say what a test wants, joined; and what is heard of them. */
function join() {
  const listeners: AddressListener[] = [];
  const calls: string[] = [];
  const heard: unknown[] = [];
  const source = (name: string) => (listener: AddressListener) => {
    listeners.push(listener);
    return { refresh: () => calls.push(`refresh ${name}`), stop: () => calls.push(`stop ${name}`) };
  };
  const resolution = joinedNames([source("a"), source("b")] as never)({
    onAddresses: (addresses) => heard.push(addresses),
    onError: ({ message }) => heard.push(message),
  });
  return { a: listeners[0]!, b: listeners[1]!, calls, heard, resolution };
}

const one = { host: "127.0.0.1", port: 1 };
const two = { host: "127.0.0.2", port: 2 };

test("the addresses of all names, in the order of the names; one that is late or fails holds up none", () => {
  const { a, b, heard } = join();
  b.onAddresses([two]);
  a.onAddresses([one]);
  b.onError(new Error("DNS is gone"));
  b.onAddresses([]);
  expect(heard).toEqual([[two], [one, two], [one, two], [one]]);
});

test("an error is one of all names", () => {
  const { a, b, heard } = join();
  a.onError(new Error("no a"));
  expect(heard).toEqual([]);
  b.onAddresses([]);
  expect(heard).toEqual(["no a"]);
});

test("all are asked again, and stopped", () => {
  const { calls, resolution } = join();
  resolution.refresh!();
  resolution.stop();
  expect(calls).toEqual(["refresh a", "refresh b", "stop a", "stop b"]);
});
