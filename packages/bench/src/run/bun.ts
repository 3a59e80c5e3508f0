import { findProgram, installProgram } from "@callwire/testkit";

const BUN = { name: "bun", version: "1.4.5" } as const;

/** Bun's program, or why there is none. */
export function findBun(install: boolean): { found: true; path: string } | { found: false; reason: string } {
  try {
    const path = findProgram(BUN) ?? (install ? installProgram(BUN) : undefined);
    return path === undefined
      ? { found: false, reason: "Bun is not installed: `pnpm bench` does that" }
      : { found: true, path };
  } catch (error) {
    return { found: false, reason: error instanceof Error ? error.message : String(error) };
  }
}

/** The version of Bun that is installed; undefined if none is. */
export function bunVersion(): string | undefined {
  return findProgram(BUN) && BUN.version;
}
