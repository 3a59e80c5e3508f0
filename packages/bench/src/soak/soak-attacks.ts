import { edgeAttacks, serverAttacks, type Attack } from "@callwire/testkit/attacks";

/** All attacks on a server that has an edge on its port. */
export const soakAttacks: readonly Attack[] = [...serverAttacks, ...edgeAttacks];
