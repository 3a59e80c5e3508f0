import { readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import type { FullSettings } from "../full/settings.js";

/** A server program's settings, as JSON in its first argument; programs in other languages get the same. */
export interface ServerSettings {
  /** Paths of a key and its certificate in PEM: then the server speaks TLS. */
  tls?: { key: string; cert: string } | undefined;
  /** For servers with the product's features. */
  full?: FullSettings | undefined;
}

/** A key and its certificate, in PEM. */
export interface KeyAndCert {
  key: Buffer;
  cert: Buffer;
}

/** A server's answer to the line `memory`, in bytes, after a collection of garbage. */
export interface Memory {
  rss: number;
  /** The size of live objects and buffers; 0 where the language does not say. */
  live: number;
}

/**
 * Runs a server program: prints `{"port":…}` once it listens on 127.0.0.1, answers lines on its input, and ends with its
 * input, so that nothing is left behind when the measuring process dies.
 */
export async function serve(
  start: (tls: KeyAndCert | undefined, full: FullSettings | undefined) => Promise<number>,
): Promise<void> {
  const { tls, full } = JSON.parse(process.argv[2] ?? "{}") as ServerSettings;
  const port = await start(tls && { key: readFileSync(tls.key), cert: readFileSync(tls.cert) }, full);
  const say = (answer: object): void => void process.stdout.write(`${JSON.stringify(answer)}\n`);
  answerQuestions(say);
  say({ port });
}

/** As {@link serve}, for servers that have the product's features. */
export async function serveFull(start: (full: FullSettings) => Promise<number>): Promise<void> {
  await serve(async (_tls, full) => {
    if (full === undefined) throw new Error("it must be told of a database, a log and tokens");
    return start(full);
  });
}

/** Answers the lines on a server's input, and ends the process with it. */
export function answerQuestions(say: (answer: object) => void): void {
  const lines = createInterface({ input: process.stdin });
  lines.on("line", (line) => {
    if (line === "memory") say(memory());
  });
  lines.on("close", () => process.exit(0));
}

/** The memory of the process, after a collection if it runs with `--expose-gc`. */
export function memory(): Memory {
  // Twice: what finalizers let go in the first is collected in the second.
  for (let time = 0; time < 2; time++) globalThis.gc?.();
  const { rss, heapUsed, external } = process.memoryUsage();
  return { rss, live: heapUsed + external };
}
