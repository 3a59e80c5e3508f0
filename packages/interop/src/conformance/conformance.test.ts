import { readFileSync } from "node:fs";
import { afterAll, beforeAll, expect, test } from "@jest/globals";
import { temporaryFolder } from "../temporary-folder.js";
import { dateFailures, findRunner, prepare, runSuite, type Form, type Runner } from "./conformance.js";

const temporary = temporaryFolder();
let runner: Runner | string;

beforeAll(async () => {
  runner = await findRunner(temporary.path);
  if (typeof runner !== "string") await prepare();
  else if (process.env["CONFORMANCE"] === "required") throw new Error(runner);
}, 60_000);

afterAll(() => temporary[Symbol.dispose]());

/** The counts of a run, in one line for people. */
async function suite(form: Form) {
  if (typeof runner === "string") {
    console.warn(`skipped: ${runner}`);
    return undefined;
  }
  const { output, ...counts } = await runSuite(runner, form);
  console.log(`${form}: ${JSON.stringify(counts)}`);
  if (!counts.passed) throw new Error(output.slice(0, 20_000));
  return counts;
}

test("no test of protobuf's suite fails, required or recommended, if a Timestamp is a message", async () => {
  const counts = await suite("lossless");
  if (counts === undefined) return;
  // The text format is not made: all that is skipped.
  expect(counts).toMatchObject({ expectedFailures: 0, unexpectedFailures: 0, skipped: 883 });
  expect(counts.successes).toBeGreaterThan(5_000);
}, 60_000);

test("those on times finer than a millisecond fail, and no others, if it is a Date", async () => {
  const counts = await suite("date");
  if (counts === undefined) return;
  const listed = readFileSync(dateFailures, "utf8").match(/^[^#\s].*$/gm) ?? [];
  for (const name of listed) expect(name).toMatch(/^Re\w+\.[^*]*Timestamp[^*]*$/);
  // The runner refuses a list that names a test that passes, or one that it does not have.
  expect(counts).toMatchObject({ expectedFailures: listed.length, unexpectedFailures: 0, skipped: 883 });
}, 60_000);
