import { getEventListeners } from "node:events";
import { expect, test } from "@jest/globals";
import { onAbort, sleep, untilAborted } from "./abort.js";

test("has one listener for all callbacks of a signal, and none once they are undone", () => {
  const { signal } = new AbortController();
  const undo = Array.from({ length: 20 }, () => onAbort(signal, () => {}));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  for (const off of undo) off();
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("calls each callback once, but those that were undone, also by another callback", () => {
  const controller = new AbortController();
  const called: string[] = [];
  const undo: (() => void)[] = [];
  onAbort(controller.signal, () => {
    called.push("a");
    undo[1]!();
  });
  undo.push(onAbort(controller.signal, () => called.push("b")));
  undo.push(onAbort(controller.signal, () => called.push("c")));
  undo[0]!();
  controller.abort();
  controller.abort();
  expect(called).toEqual(["a"]);
});

test("starts anew after all were undone, and calls at once if it is too late", () => {
  const controller = new AbortController();
  const called: string[] = [];
  onAbort(controller.signal, () => called.push("undone"))();
  onAbort(controller.signal, () => called.push("heard"));
  controller.abort();
  onAbort(controller.signal, () => called.push("late"));
  expect(called).toEqual(["heard", "late"]);
});

test("settles as the promise does, and leaves no listener", async () => {
  const { signal } = new AbortController();
  await expect(untilAborted(Promise.resolve(1), signal)).resolves.toBe(1);
  await expect(untilAborted(Promise.reject(new Error("no")), signal)).rejects.toThrow("no");
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});

test("stops waiting with the signal's reason", async () => {
  const controller = new AbortController();
  const waiting = sleep(1e6, controller.signal);
  controller.abort("enough");
  await expect(waiting).rejects.toBe("enough");
  await expect(sleep(1e6, controller.signal)).rejects.toBe("enough");
});

test.each([2 ** 31, 60 * 86_400_000, Infinity])("a sleep of %d ms does not end at once", async (ms) => {
  const controller = new AbortController();
  const slept = sleep(ms, controller.signal).then(() => "slept");
  const later = new Promise((resolve) => {
    setTimeout(resolve, 20, "later");
  });
  expect(await Promise.race([slept, later])).toBe("later");
  controller.abort(new Error("enough"));
  await expect(slept).rejects.toThrow("enough");
});
