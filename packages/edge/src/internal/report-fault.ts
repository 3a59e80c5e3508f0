import { inspect } from "node:util";

/** Reports a mistake of ours, which must not be lost, and must not be shown to a client. It never throws. */
export function reportFault(thrown: unknown): void {
  try {
    process.emitWarning(`@callwire/edge: ${inspect(thrown)}`);
  } catch {
    process.emitWarning("@callwire/edge: something was thrown that cannot be shown");
  }
}
