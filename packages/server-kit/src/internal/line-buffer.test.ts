import { execFile, spawn } from "node:child_process";
import { EventEmitter, once } from "node:events";
import {
  closeSync,
  constants,
  createReadStream,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, jest, test } from "@jest/globals";
import { LineBuffer, lineFile } from "./line-buffer.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "line-buffer-"));
});
afterAll(() => rmSync(folder, { recursive: true }));

const path = (relative: string) => fileURLToPath(new URL(relative, import.meta.url));
const hooks = ["--import", new URL("../test-room/typescript-hooks.mjs", import.meta.url).href];
const main = path("../test-room/logging-main.ts");
const numbersIn = (text: string) =>
  text
    .trim()
    .split("\n")
    .map((line) => (JSON.parse(line) as { n: number }).n);
const upTo = (count: number) => Array.from({ length: count }, (_, n) => n);

test("writes what it was given, in order, however long", async () => {
  const file = join(folder, "order");
  const buffer = lineFile(file);
  const expected: string[] = [];
  for (let n = 0; n < 2000; n++) {
    const line = `${n} ${"é".repeat(n % 500)}\n`;
    expected.push(line);
    buffer.write(line);
    if (n % 700 === 0) await new Promise((resolve) => setImmediate(resolve));
    if (n === 1000) await new Promise<void>((resolve) => buffer.flush(resolve));
    if (n === 1500) buffer.flushSync();
  }
  await new Promise<void>((resolve) => buffer.flush(resolve));
  expect(readFileSync(file, "utf8")).toBe(expected.join(""));
});

test("writes the first line of few without being asked", async () => {
  const file = join(folder, "first");
  lineFile(file).write("a\n");
  while (readFileSync(file, "utf8") === "") await new Promise((resolve) => setImmediate(resolve));
  expect(readFileSync(file, "utf8")).toBe("a\n");
});

(existsSync("/dev/full") ? test : test.skip)("warns once of a disk that is full, and goes on", async () => {
  using warned = jest.spyOn(process, "emitWarning").mockReturnValue();
  const buffer = new LineBuffer(openSync("/dev/full", "w"));
  for (const line of ["a\n", "b\n", "c\n"]) {
    buffer.write(line);
    // oxlint-disable-next-line no-await-in-loop
    await new Promise<void>((resolve) => buffer.flush(resolve));
  }
  expect(warned.mock.calls).toEqual([
    [expect.stringContaining("lines of a log cannot be written, and are lost: ")],
  ]);
});

test("names the option whose file cannot be opened", () => {
  expect(() => lineFile(join(folder, "missing", "log"))).toThrow(
    "createLogger: destination cannot be opened: ENOENT",
  );
});

test("drops lines for a reader that takes none, says so, and goes on when it does", async () => {
  const fifo = join(folder, "fifo");
  await promisify(execFile)("mkfifo", [fifo]);
  // Open for both ways: it opens at once, and the pipe is never at its end.
  const fd = openSync(fifo, constants.O_RDWR);
  const buffer = new LineBuffer(fd, { maxWaiting: 100_000 });
  const warnings: string[] = [];
  const warning = new EventEmitter();
  const emitWarning = jest.spyOn(process, "emitWarning").mockImplementation((message) => {
    warnings.push(String(message));
    warning.emit("warning");
  });
  const warned = async (text: string) => {
    while (!warnings.some((one) => one.includes(text))) await once(warning, "warning");
  };
  const line = `${"x".repeat(999)}\n`;
  // A pipe takes 64 KiB; the rest waits, and what follows after it.
  for (let n = 0; n < 300; n++) buffer.write(line);
  await warned("log lines are dropped");
  const reader = createReadStream(fifo);
  let received = 0;
  reader.on("data", (bytes) => (received += bytes.length));
  await warned("log lines were dropped");
  const [, count] = /(\d+) of them/.exec(warnings.join()) ?? [];
  expect(Number(count)).toBeGreaterThan(0);
  while (received < (300 - Number(count)) * 1000) await once(reader, "data");
  expect(received).toBe((300 - Number(count)) * 1000);
  buffer.write("it goes on\n");
  await once(reader, "data");
  reader.destroy();
  // The reader waits in a read that only more bytes end.
  writeSync(fd, "\n");
  await once(reader, "close");
  closeSync(fd);
  emitWarning.mockRestore();
});

describe("a process loses no line", () => {
  test.each([
    ["that ends by itself", "return", 0, null],
    ["that calls process.exit", "exit", 3, null],
    ["that ends in an error that nobody caught", "throw", 1, null],
    ["that a SIGTERM ends", "SIGTERM", null, "SIGTERM"],
    ["that a SIGINT ends", "SIGINT", null, "SIGINT"],
  ])("%s", async (_what, end, code, signal) => {
    const file = join(folder, end);
    const fd = openSync(file, "w");
    const child = spawn(process.execPath, [...hooks, main, end], { stdio: ["ignore", fd, "ignore"] });
    const exited = await once(child, "exit");
    closeSync(fd);
    expect(exited).toEqual([code, signal]);
    expect(numbersIn(readFileSync(file, "utf8"))).toEqual(upTo(1000));
  });

  test("whose output is a pipe", async () => {
    const { stdout } = await promisify(execFile)(process.execPath, [...hooks, main, "return"]);
    expect(numbersIn(stdout)).toEqual(upTo(1000));
  });

  test("that has a listener of its own for the signal, which decides", async () => {
    const file = join(folder, "listener");
    const fd = openSync(file, "w");
    const child = spawn(process.execPath, [...hooks, main, "listen"], { stdio: ["ignore", fd, "ignore"] });
    const exited = await once(child, "exit");
    closeSync(fd);
    expect(exited).toEqual([7, null]);
    expect(numbersIn(readFileSync(file, "utf8"))).toEqual(upTo(1001));
  });
});

test("a process whose output nobody reads any more still ends", async () => {
  const child = spawn(process.execPath, [...hooks, main, "forever"], { stdio: ["ignore", "pipe", "ignore"] });
  await once(child.stdout, "data");
  child.stdout.destroy();
  child.kill("SIGTERM");
  expect(await once(child, "exit")).toEqual([null, "SIGTERM"]);
});
