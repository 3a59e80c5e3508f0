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
  // A program that was ended may still write into it.
  const remove = (): void => rmSync(path, { recursive: true, force: true, maxRetries: 10, retryDelay: 50 });
  return { path, [Symbol.dispose]: remove };
}
