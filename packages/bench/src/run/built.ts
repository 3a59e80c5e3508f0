import { existsSync } from "node:fs";
import { join } from "node:path";

/** The path of a built program: the same from the tests, which run from the sources, as from what is built. */
export function builtProgram(...path: string[]): string {
  const full = join(import.meta.dirname, "../../dist", ...path);
  if (!existsSync(full)) throw new Error(`${full} is not there: build the package first`);
  return full;
}
