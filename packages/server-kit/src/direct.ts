export { directMethods, standardMethods } from "./direct/direct-methods.js";
export type { DirectMethod } from "./direct/direct-method.js";
export type { DirectArrival } from "./direct/direct-types.js";
export { encodeStatus } from "./errors/status-details.js";
export type { DirectCall } from "./direct/direct-call.js";
