export type { Attack } from "./attack.js";
export { attackInThread } from "./in-thread.js";
export { serverAttacks } from "./server-attacks.js";
