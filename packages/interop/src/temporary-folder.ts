import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder for one test; disposing of it removes it with all that is in it. */
export interface TemporaryFolder extends Disposable {
  path: string;
}

/** Makes an empty folder that nobody else uses. */
export function temporaryFolder(): TemporaryFolder {
  const path = mkdtempSync(join(tmpdir(), "callwire-interop-"));
  return { path, [Symbol.dispose]: () => removeFolder(path) };
}

/** Removes it with what a program that is ending still writes into it, which `maxRetries` would leave. */
function removeFolder(path: string): void {
  for (let tries = 1; ; tries++) {
    try {
      return rmSync(path, { recursive: true, force: true });
    } catch (error) {
      if (tries === 100 || (error as NodeJS.ErrnoException).code !== "ENOTEMPTY") throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
    }
  }
}
