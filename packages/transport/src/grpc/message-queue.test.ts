import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { describe, expect, test } from "@jest/globals";
import { MessageQueue } from "./message-queue.js";

/** A queue with so many messages, which are their numbers and cost 1. */
function queueOf(count: number): MessageQueue<number> {
  const queue = new MessageQueue<number>(
    () => {},
    () => {},
  );
  for (let index = 0; index < count; index++) queue.push(index, 1);
  return queue;
}

const collectGarbage = (() => {
  setFlagsFromString("--expose-gc");
  return runInNewContext("gc") as () => void;
})();

test("a reader that is always behind gets all messages in order, and none of them takes memory after that", async () => {
  const queue = queueOf(10);
  collectGarbage();
  const before = process.memoryUsage().heapUsed;
  let isInOrder = true;
  for (let index = 10; index < 300_000; index++) {
    queue.push(index, 1);
    const { value } = await queue.next();
    isInOrder &&= value === index - 10;
  }
  collectGarbage();
  expect([isInOrder, queue.size]).toEqual([true, 10]);
  // A list of all that was read would take 16 bytes for each.
  expect(process.memoryUsage().heapUsed - before).toBeLessThan(2 * 1024 * 1024);
});

describe("messages that are there at once", () => {
  test("are read in turns of the event loop", async () => {
    const queue = queueOf(100_000);
    queue.end();
    let turns = 0;
    let isOver = false;
    const count = (): void => {
      turns++;
      if (!isOver) setImmediate(count);
    };
    setImmediate(count);
    let next = 0;
    let isInOrder = true;
    for await (const message of queue) isInOrder &&= message === next++;
    isOver = true;
    expect([next, isInOrder]).toEqual([100_000, true]);
    expect(turns).toBeGreaterThan(3);
  });

  test("come to each reader in the order in which it has asked", async () => {
    const queue = queueOf(2000);
    const asked = Array.from({ length: 2000 }, () => queue.next());
    queue.end();
    expect((await Promise.all(asked)).map(({ value }) => value)).toEqual(
      Array.from({ length: 2000 }, (_, index) => index),
    );
    expect(await queue.next()).toEqual({ done: true, value: undefined });
  });
});
