import { findProgram, installProgram } from "@callwire/testkit";

const BUN = { name: "bun", version: "1.4.5" } as const;

/** Bun's program, or why there is none. */
export function findBun(): { found: true; path: string } | { found: false; reason: string } {
  try {
    return { found: true, path: findProgram(BUN) ?? installProgram(BUN) };
  } catch (error) {
    return { found: false, reason: error instanceof Error ? error.message : String(error) };
  }
}
