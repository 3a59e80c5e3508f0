import { once } from "node:events";
import { expect, test } from "@jest/globals";
import { createInProcessSocket } from "./in-process-socket.js";

test("what was written before the end, or before the writer is destroyed, arrives", async () => {
  for (const last of ["end", "destroy"] as const) {
    const [one, other] = createInProcessSocket();
    const chunks: Buffer[] = [];
    other.on("data", (chunk: Buffer) => chunks.push(chunk));
    one.resume();
    for (const text of ["a", "b", "c"]) one.write(text);
    const closed = Promise.all([once(one, "close"), once(other, "close")]);
    one[last]();
    await closed;
    expect(Buffer.concat(chunks).toString()).toBe("abc");
  }
});

test("what is written is copied", async () => {
  const [one, other] = createInProcessSocket();
  const bytes = Buffer.from("abc");
  one.write(bytes);
  bytes.fill(0);
  const [got] = (await once(other, "data")) as [Buffer];
  expect(got.toString()).toBe("abc");
});

test("nothing arrives inside of a write", async () => {
  const [one, other] = createInProcessSocket();
  let writing = false;
  other.on("data", () => expect(writing).toBe(false));
  const arrived = once(other, "data");
  for (let i = 0; i < 3; i++) {
    writing = true;
    one.write("a");
    writing = false;
  }
  await arrived;
});

test("a writer waits for a reader that does not read, and goes on with it", async () => {
  const [one, other] = createInProcessSocket();
  let written = 0;
  for (let i = 0; i < 20; i++) one.write(Buffer.alloc(16 * 1024), () => written++);
  for (let turn = 0; turn < 20; turn++) await new Promise(setImmediate);
  // 64 KiB, and what reads that were asked for before let through.
  expect(written).toBeLessThanOrEqual(8);
  let read = 0;
  other.on("data", (chunk: Buffer) => (read += chunk.length));
  one.end();
  await once(other, "end");
  expect(read).toBe(20 * 16 * 1024);
  expect(written).toBe(20);
});
