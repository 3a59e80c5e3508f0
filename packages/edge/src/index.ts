export { createEdge, type Edge, type EdgeRoute } from "./create-edge.js";
export {
  defaultEdgeLimits,
  type ChannelEdgeOptions,
  type CommonEdgeOptions,
  type EdgeJsonOptions,
  type EdgeLimits,
  type EdgeOptions,
  type ServerEdgeOptions,
} from "./edge-options.js";
export { EdgeError, type EdgeReason } from "./errors/edge-error.js";
export type { CorsOptions } from "./http/cors.js";
export type { FetchInfo } from "./http/fetch-exchange.js";
export type { HttpRule } from "./routing/http-rule.js";
export { parseTemplate, type PathTemplate, type Segment, type Variable } from "./routing/path-template.js";
