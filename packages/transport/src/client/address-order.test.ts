import { expect, test } from "@jest/globals";
import { interleaveFamilies, shuffled } from "./address-order.js";
import { formatAddress, type SocketAddress } from "./target.js";

const named = (...hosts: string[]): SocketAddress[] => hosts.map((host) => ({ host, port: 1 }));
const hosts = (addresses: readonly SocketAddress[]): string[] =>
  addresses.map((address) => ("host" in address ? address.host : formatAddress(address)));

test.each([
  [[], []],
  [["1.1.1.1"], ["1.1.1.1"]],
  [
    ["::1", "::2", "::3", "1.1.1.1", "2.2.2.2"],
    ["::1", "1.1.1.1", "::2", "2.2.2.2", "::3"],
  ],
  [
    ["1.1.1.1", "2.2.2.2", "::1"],
    ["1.1.1.1", "::1", "2.2.2.2"],
  ],
  [
    ["::1", "1.1.1.1", "2.2.2.2", "3.3.3.3"],
    ["::1", "1.1.1.1", "2.2.2.2", "3.3.3.3"],
  ],
])("the families of %j take turns", (before, after) => {
  expect(hosts(interleaveFamilies(named(...before)))).toEqual(after);
});

test("unix sockets and names count as IPv4", () => {
  const mixed: SocketAddress[] = [{ path: "/s" }, ...named("name", "::1")];
  expect(hosts(interleaveFamilies(mixed))).toEqual(["unix:/s", "::1", "name"]);
});

test("every order is as likely as any other", () => {
  // All that chance can say: of 3, then of 2.
  const orders = new Map<string, number>();
  for (const first of [0, 1, 2]) {
    for (const second of [0, 1]) {
      const chances = [first / 3, second / 2];
      const order = shuffled(["a", "b", "c"], () => chances.shift()!).join("");
      orders.set(order, (orders.get(order) ?? 0) + 1);
    }
  }
  expect([...orders.keys()].toSorted()).toEqual(["abc", "acb", "bac", "bca", "cab", "cba"]);
  const list = ["a", "b"];
  expect(shuffled(list, () => 0)).toEqual(["b", "a"]);
  expect(list).toEqual(["a", "b"]);
});
