// A client of the soak. Its arguments are the ports that it connects to. On `resume` it makes calls from many workers; on
// `pause` it lets them end, closes its channels and answers how it is.
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { createChannel, createClient, type Channel } from "@callwire/transport";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { BlobServiceDefinition } from "../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { makeCall, type Outcome } from "./calls.js";
import { noteUnhandledRejections, processState, type ProcessState } from "./state.js";

/** The client's answer to the line `pause`. */
export interface ClientState extends ProcessState {
  outcomes: Record<Outcome, number>;
  callsStarted: number;
  callsEnded: number;
  /** The events that should not have happened: the first few. */
  wrong: string[];
}

/** Workers on each channel. */
const WORKERS = 24;
/** Calls that have not ended so long after the load did never will. */
const END_LIMIT_MS = 20_000;
const MOST_WRONG = 10;

const outcomes: Record<Outcome, number> = { answered: 0, cancelled: 0, expired: 0, lost: 0 };
const wrong: string[] = [];
let callsStarted = 0;
let callsEnded = 0;

/** The calls from one `resume` to the next `pause`. */
class Load {
  readonly #channels: Channel[];
  readonly #workers: Promise<void>[];
  #paused = false;

  constructor(ports: readonly number[]) {
    this.#channels = ports.map((port) =>
      createChannel(`127.0.0.1:${port}`, undefined, {
        "grpc.initial_reconnect_backoff_ms": 20,
        "grpc.max_reconnect_backoff_ms": 200,
      }),
    );
    this.#workers = this.#channels.flatMap((channel) => {
      const clients = {
        users: createClient(UserServiceDefinition, channel),
        blobs: createClient(BlobServiceDefinition, channel),
      };
      return Array.from({ length: WORKERS }, async () => {
        while (!this.#paused) {
          const outcome = await this.#call(() => makeCall(clients));
          // Who calls a server that is not there at full speed leaves nothing to the server that starts.
          if (outcome === "lost") await delay(10);
        }
      });
    });
  }

  async pause(): Promise<void> {
    this.#paused = true;
    await Promise.race([Promise.all(this.#workers), delay(END_LIMIT_MS, undefined, { ref: false })]);
    for (const channel of this.#channels) channel.close();
  }

  async #call(make: () => Promise<Outcome>): Promise<Outcome | undefined> {
    callsStarted++;
    try {
      const outcome = await make();
      outcomes[outcome]++;
      return outcome;
    } catch (error) {
      if (wrong.length < MOST_WRONG) wrong.push(String(error));
      return undefined;
    } finally {
      callsEnded++;
    }
  }
}

async function state(): Promise<ClientState> {
  return { ...(await processState()), outcomes, callsStarted, callsEnded, wrong };
}

noteUnhandledRejections();
const ports = process.argv.slice(2).map(Number);
let load: Load | undefined;

async function onLine(line: string): Promise<void> {
  if (line === "resume") load = new Load(ports);
  if (line !== "pause") return;
  await load?.pause();
  load = undefined;
  console.log(JSON.stringify(await state()));
}

const lines = createInterface({ input: process.stdin });
lines.on("line", (line) => {
  onLine(line).catch(console.error);
});
lines.on("close", () => process.exit(0));
