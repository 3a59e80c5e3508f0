// The well-behaved callers beside an attack: its argument is the port. Each line ends a part, and is answered with the part's
// figures.
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { createChannel, createClient } from "@callwire/transport";
import { EchoServiceDefinition } from "@callwire/testkit";
import { percentiles } from "../client/meter.js";
import { noteUnhandledRejections } from "./state.js";

/** The figures of a part. */
export interface CallerPart {
  answered: number;
  /** The first failures, as texts. */
  failures: string[];
  p99Us: number;
}

/** Channels, each with a connection of its own. */
const CHANNELS = 4;
/** The callers on each, who wait so long between two calls, in milliseconds. */
const CALLERS = 4;
const PAUSE_MS = 5;
const MOST_FAILURES = 5;

noteUnhandledRejections();
const address = `127.0.0.1:${process.argv[2]}`;
let latenciesMs: number[] = [];
let failures: string[] = [];

async function call(client: ReturnType<typeof clientOf>): Promise<never> {
  for (;;) {
    const began = performance.now();
    try {
      const { text } = await client.echoUnary({ text: "well-behaved" });
      if (text !== "well-behaved") throw new Error(`the answer is ${JSON.stringify(text)}`);
      latenciesMs.push(performance.now() - began);
    } catch (error) {
      if (failures.length < MOST_FAILURES) failures.push(String(error));
    }
    await delay(PAUSE_MS);
  }
}

function clientOf() {
  return createClient(EchoServiceDefinition, createChannel(address));
}

for (let channel = 0; channel < CHANNELS; channel++) {
  const client = clientOf();
  for (let caller = 0; caller < CALLERS; caller++) void call(client);
}

const lines = createInterface({ input: process.stdin });
lines.on("line", () => {
  const part: CallerPart = { answered: latenciesMs.length, failures, p99Us: percentiles(latenciesMs).p99Us };
  latenciesMs = [];
  failures = [];
  console.log(JSON.stringify(part));
});
lines.on("close", () => process.exit(0));
