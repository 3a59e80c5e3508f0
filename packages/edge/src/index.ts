export { createEdge, type Edge, type EdgeRoute } from "./create-edge.js";
export type { CompressionOptions } from "./compression/compression.js";
export {
  defaultEdgeLimits,
  type ChannelEdgeOptions,
  type CommonEdgeOptions,
  type EdgeJsonOptions,
  type EdgeLimits,
  type EdgeOptions,
  type EtagOptions,
  type ServerEdgeOptions,
} from "./edge-options.js";
export { EdgeError, type EdgeReason } from "./errors/edge-error.js";
export type { CorsOptions } from "./http/cors.js";
export type { FetchInfo } from "./http/fetch-exchange.js";
export type { ProxyOptions } from "./http/proxies.js";
export type { MetricsSource } from "./places/metrics-source.js";
export type { OpenApiOptions, ReferencePage } from "./reference/openapi-options.js";
export type { StaticResource } from "./places/static-resource.js";
export type { Mcp } from "./mcp/mcp-options.js";
export type { HttpRule } from "./routing/http-rule.js";
export type { ProtocolOptions } from "./rpc/protocols.js";
export { parseTemplate, type PathTemplate, type Segment, type Variable } from "./routing/path-template.js";
