// One target's thread: it may hang or end, and the thread that started it says so.
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { parentPort, workerData } from "node:worker_threads";
import { fuzz } from "./fuzzer.js";
import type { FuzzTarget } from "./fuzz-target.js";

/** The thread's orders. */
export interface FuzzOrders {
  /** The module that exports `targets`. */
  module: string;
  target: string;
  seconds: number;
  seed: number;
  corpus: Uint8Array[];
  /** Two whole numbers, of 32 bits: the inputs so far, and the length of the current one; then its bytes. */
  shared: SharedArrayBuffer;
}

const orders = workerData as FuzzOrders;
const { targets } = (await import(orders.module)) as { targets: readonly FuzzTarget[] };
const counters = new Int32Array(orders.shared, 0, 2);
const bytes = new Uint8Array(orders.shared, 8);
// Handlers that fail on purpose are warned of, thousands of times.
process.removeAllListeners("warning");
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;

const report = await fuzz(
  targets.find(({ name }) => name === orders.target)!,
  {
    seconds: orders.seconds,
    seed: orders.seed,
    corpus: orders.corpus.map((input) => Buffer.from(input)),
    collect,
    onInput(input) {
      bytes.set(input.subarray(0, bytes.length));
      Atomics.store(counters, 1, Math.min(input.length, bytes.length));
      Atomics.add(counters, 0, 1);
    },
  },
);
// oxlint-disable-next-line unicorn/require-post-message-target-origin -- a thread has none
parentPort?.postMessage(report);
