import { randomBytes } from "node:crypto";
import { gzipSync } from "node:zlib";
import { expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { decompress } from "./compression.js";

const big = gzipSync(Buffer.alloc(2_000_000));
const little = gzipSync(randomBytes(2000));
const short = gzipSync(Buffer.from("a"));
const wanted = (): boolean => true;

test("a connection's many messages do not keep those of others waiting", async () => {
  const order: string[] = [];
  const greedy = {};
  const all = Array.from({ length: 40 }, async () => {
    await decompress(big, Infinity, greedy, wanted);
    order.push("greedy");
  });
  await decompress(little, Infinity, {}, wanted);
  order.push("modest");
  await Promise.all(all);
  expect(order.indexOf("modest")).toBeLessThan(20);
});

test("a message whose call has ended meanwhile is not decompressed, and the next ones are", async () => {
  const owner = {};
  let isWanted = true;
  let seen = 0;
  const first = Array.from({ length: 4 }, () => decompress(big, Infinity, owner, wanted));
  for (let index = 0; index < 1000; index++) {
    void decompress(little, Infinity, owner, () => isWanted).then(() => seen++);
  }
  isWanted = false;
  expect(await decompress(little, Infinity, owner, wanted)).toHaveLength(2000);
  await Promise.all(first);
  expect(seen).toBe(0);
});

test("a short message waits for none of the long ones", async () => {
  const owner = {};
  const all = Array.from({ length: 10 }, () => decompress(big, Infinity, owner, wanted));
  let isOver = false;
  void Promise.race(all).then(() => (isOver = true));
  expect((await decompress(short, Infinity, owner, wanted)).toString()).toBe("a");
  expect(isOver).toBe(false);
  await Promise.all(all);
});

test("a short message is bounded and refused as a long one is, also if it becomes long", async () => {
  const much = gzipSync(Buffer.alloc(200_000));
  expect(much.length).toBeLessThan(1000);
  expect(await decompress(much, 200_000, {}, wanted)).toHaveLength(200_000);
  for (const [bytes, max] of [
    [much, 199_999],
    [much, 1000],
    [gzipSync(Buffer.alloc(20)), 19],
  ] as const)
    // oxlint-disable-next-line no-await-in-loop
    await expect(decompress(bytes, max, {}, wanted)).rejects.toMatchObject({
      code: Status.RESOURCE_EXHAUSTED,
    });
  const broken = short.subarray(0, 15);
  await expect(decompress(broken, 1000, {}, wanted)).rejects.toMatchObject({ code: Status.INTERNAL });
});

test("no more is made of a message than may be taken", async () => {
  await expect(decompress(big, 1000, {}, wanted)).rejects.toMatchObject({ code: Status.RESOURCE_EXHAUSTED });
  expect(await decompress(big, 2_000_000, {}, wanted)).toHaveLength(2_000_000);
});
