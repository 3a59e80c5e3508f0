import type { FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { filters, orders } from "./filter-targets.js";
import { usersCalls } from "./service-target.js";
import { tokens } from "./token-target.js";

/** The users service's targets, for `pnpm fuzz` and the replay of their corpora. */
export const targets: readonly FuzzTarget[] = [filters, orders, tokens, usersCalls];
