import { errorText } from "./error-text.js";
import { warn } from "./warn.js";

/** Says what was thrown where nothing may throw. A warning ends nothing, and the process says it once. */
export function reportBug(thrown: unknown): void {
  try {
    warn(thrown instanceof Error ? thrown : errorText(thrown));
  } catch {
    // A value that cannot even be printed.
  }
}
