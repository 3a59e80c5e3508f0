// The well-behaved callers beside an attack: its argument is the port. Each line ends a part, and is answered with the part's
// figures.
import { once } from "node:events";
import { Agent, get, type IncomingMessage } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { setTimeout as delay } from "node:timers/promises";
import { createChannel, createClient } from "@callwire/transport";
import { EchoServiceDefinition } from "@callwire/testkit";
import { percentiles } from "../client/meter.js";
import { userId } from "../service/data.js";
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
/** The callers on each. */
const CALLERS = 4;
/** The callers by REST over HTTP/1.1, each with a connection of its own. */
const REST_CALLERS = 4;
/** The time that a caller waits between two calls, in milliseconds. */
const PAUSE_MS = 5;
const MOST_FAILURES = 5;

noteUnhandledRejections();
const address = `127.0.0.1:${process.argv[2]}`;
let latenciesMs: number[] = [];
let failures: string[] = [];

async function callAgain(call: () => Promise<void>): Promise<never> {
  for (;;) {
    const began = performance.now();
    try {
      await call();
      latenciesMs.push(performance.now() - began);
    } catch (error) {
      if (failures.length < MOST_FAILURES) failures.push(String(error));
    }
    await delay(PAUSE_MS);
  }
}

async function echo(client: ReturnType<typeof clientOf>): Promise<void> {
  const answer = await client.echoUnary({ text: "well-behaved" });
  if (answer.text !== "well-behaved") throw new Error(`the answer is ${JSON.stringify(answer.text)}`);
}

async function getUser(agent: Agent): Promise<void> {
  const request = get(`http://${address}/v1/users/${userId(0)}`, { agent });
  const [response] = (await once(request, "response")) as [IncomingMessage];
  const body = await text(response);
  if (response.statusCode !== 200) throw new Error(`${response.statusCode} ${body}`);
}

function clientOf() {
  return createClient(EchoServiceDefinition, createChannel(address));
}

for (let channel = 0; channel < CHANNELS; channel++) {
  const client = clientOf();
  for (let caller = 0; caller < CALLERS; caller++) void callAgain(() => echo(client));
}
for (let caller = 0; caller < REST_CALLERS; caller++) {
  const agent = new Agent({ keepAlive: true });
  void callAgain(() => getUser(agent));
}

const lines = createInterface({ input: process.stdin });
lines.on("line", () => {
  const part: CallerPart = { answered: latenciesMs.length, failures, p99Us: percentiles(latenciesMs).p99Us };
  latenciesMs = [];
  failures = [];
  console.log(JSON.stringify(part));
});
lines.on("close", () => process.exit(0));
