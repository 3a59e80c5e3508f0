import type { FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { json } from "./json-target.js";
import { edgeRequests } from "./request-target.js";

/** The edge's targets, for `pnpm fuzz` and the replay of their corpora. */
export const targets: readonly FuzzTarget[] = [edgeRequests, json];
