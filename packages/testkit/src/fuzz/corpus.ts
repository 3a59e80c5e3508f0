import { readFileSync, writeFileSync } from "node:fs";
import type { FuzzTarget } from "./fuzz-target.js";

/** An input as a line of a corpus: a JSON string whose characters are its bytes, or hexadecimal digits. */
export function toLine(input: Buffer, isText = false): string {
  if (!isText) return input.toString("hex");
  return JSON.stringify(input.toString("latin1")).replaceAll(
    /[\x7f-\xff]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** @throws {SyntaxError} if it is no line of a corpus. */
export function fromLine(line: string): Buffer {
  if (line.startsWith('"')) return Buffer.from(JSON.parse(line) as string, "latin1");
  if (!/^(?:[0-9a-f]{2})*$/.test(line)) throw new SyntaxError(`not a line of a corpus: ${line.slice(0, 40)}`);
  return Buffer.from(line, "hex");
}

/** The inputs of a corpus file; none if there is no file. Lines that begin with `#` are comments. */
export function readCorpus(path: string): Buffer[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return [];
    throw error;
  }
  const lines = text.split("\n").slice(0, -1);
  return lines.filter((line) => !line.startsWith("#")).map(fromLine);
}

/** The largest file of a corpus, in bytes. The longest inputs are left out. */
const MAX_CORPUS_BYTES = 16_000;

/** Writes a corpus, the shortest input first. */
export function writeCorpus(path: string, { isText }: FuzzTarget, inputs: readonly Buffer[]): void {
  let text = "";
  for (const input of inputs.toSorted((a, b) => a.length - b.length || a.compare(b))) {
    const line = `${toLine(input, isText)}\n`;
    if (text.length + line.length > MAX_CORPUS_BYTES) break;
    text += line;
  }
  writeFileSync(path, text);
}

/** The inputs that a target begins with, as bytes. */
export function asBytes(inputs: readonly (string | Uint8Array)[] = []): Buffer[] {
  return inputs.map((input) => Buffer.from(input as string));
}
