import { inspect } from "node:util";

/** Reports what the application's handler of HTTP threw: it must not pass in silence, nor end the process. */
export function reportHandlerFault(thrown: unknown): void {
  process.emitWarning(`the handler of HTTP threw: ${inspect(thrown)}`);
}
