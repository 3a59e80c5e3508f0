import { expect, test } from "@jest/globals";
import { RequestBody } from "./request-body.js";

function body(): [RequestBody, { read: number }] {
  const seen = { read: 0 };
  return [new RequestBody((bytes) => (seen.read += bytes)), seen];
}

async function rest(from: RequestBody): Promise<string[]> {
  const parts: string[] = [];
  for await (const part of from) parts.push(part.toString());
  return parts;
}

test("small parts that wait share their room, and are counted when they are read", async () => {
  const [waiting, seen] = body();
  for (let i = 0; i < 5000; i++) waiting.push(Buffer.from([97 + (i % 26)]));
  waiting.push(Buffer.from("z".repeat(10_000)));
  waiting.end();
  expect(seen.read).toBe(0);
  const parts = await rest(waiting);
  expect(parts).toHaveLength(3);
  expect(parts.join("")).toHaveLength(15_000);
  expect(parts.join("").slice(0, 28)).toBe("abcdefghijklmnopqrstuvwxyzab");
  expect(seen.read).toBe(15_000);
});

test("a reader that waits gets the next part at once, as a copy", async () => {
  const [waiting, seen] = body();
  const next = waiting.next();
  const shared = Buffer.from("first");
  waiting.push(shared);
  shared.fill("x");
  expect((await next).value?.toString()).toBe("first");
  expect(seen.read).toBe(5);
  const last = waiting.next();
  await expect(waiting.next()).rejects.toThrow("one reader");
  waiting.end();
  expect(await last).toEqual({ done: true, value: undefined });
});

test("whoever leaves passes over what waits, and what comes", async () => {
  const [left, seen] = body();
  left.push(Buffer.from("abc"));
  await left.return();
  left.push(Buffer.from("de"));
  expect(seen.read).toBe(5);
  expect(await rest(left)).toEqual([]);
});

test("one that is broken off fails its reader, once", async () => {
  const [broken] = body();
  broken.push(Buffer.from("abc"));
  broken.fail(new Error("gone"));
  await expect(broken.next()).rejects.toThrow("gone");
  expect(await rest(broken)).toEqual([]);
  const [waited] = body();
  const next = waited.next();
  waited.fail(new Error("gone"));
  await expect(next).rejects.toThrow("gone");
});
