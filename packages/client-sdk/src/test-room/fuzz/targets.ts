import type { FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { errorDetails } from "./error-details-target.js";

/** The SDK's targets, for `pnpm fuzz` and the replay of their corpora. */
export const targets: readonly FuzzTarget[] = [errorDetails];
