export type { Attack } from "./attack.js";
export { edgeAttacks } from "./edge-attacks.js";
export { hostileServers, type HostileServer } from "./hostile-servers.js";
export { attackInThread, hostileServerInThread } from "./in-thread.js";
export { serverAttacks } from "./server-attacks.js";
