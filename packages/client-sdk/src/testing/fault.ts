import { checkOptions, rules, type OptionRules } from "@callwire/transport/client";
import { Status } from "nice-grpc-common";
import type { FakeErrorOptions } from "./fake-error.js";

/** A fault of one call of a fake server: instead of an answer, or on its way. */
export interface Fault extends Partial<FakeErrorOptions> {
  /** Breaks all connections of the fake, as a network does. Not together with `code`. Default: false. */
  connectionLost?: boolean;
  /**
   * The number of messages that pass before: of the answer, if it is a stream; else of the request, if that is one. Default: 0.
   */
  afterMessages?: number;
  /** The time that the call waits before anything else, in milliseconds; by a fake clock, if there is one. Default: the fake's. */
  latencyMs?: number;
}

const faultRules: OptionRules = {
  code: rules.rule(
    "a status other than OK",
    (value) => typeof value === "number" && value > 0 && value in Status,
  ),
  message: rules.text,
  details: rules.anyObject,
  connectionLost: rules.boolean,
  afterMessages: rules.wholeNumber(),
  latencyMs: rules.milliseconds(),
};

/** @throws {TypeError | RangeError} if a fault is none. */
export function checkFault(fault: Fault): void {
  checkOptions("script", fault, faultRules);
  if (fault.connectionLost === true && fault.code !== undefined) {
    throw new TypeError(
      "script: give either code or connectionLost, not both: a lost connection has no status",
    );
  }
  const isFault = fault.code !== undefined || fault.connectionLost === true;
  if (!isFault && fault.afterMessages !== undefined) {
    throw new TypeError("script: afterMessages needs code or connectionLost, which say what happens then");
  }
}

/** The wait of a call; it ends early, with the signal's reason, if the call does. */
export async function wait(ms: number, signal: AbortSignal): Promise<void> {
  if (ms === 0) return;
  signal.throwIfAborted();
  await new Promise<void>((resolve, reject) => {
    const onAbort = () => {
      clearTimeout(timer);
      reject(signal.reason as Error);
    };
    // A timer takes no more than 24.8 days: it would fire at once.
    const timer = setTimeout(
      () => {
        signal.removeEventListener("abort", onAbort);
        resolve();
      },
      Math.min(ms, 2 ** 31 - 1),
    );
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
