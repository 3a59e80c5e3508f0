import { inspect } from "node:util";

/** Warns of what was thrown where nobody can catch it. Never throws, whatever was thrown. */
export function warn(what: string, thrown: unknown): void {
  process.emitWarning(`${what}: ${describeThrown(thrown)}`);
}

function describeThrown(thrown: unknown): string {
  try {
    return inspect(thrown);
  } catch {
    return "something that cannot be shown";
  }
}
