// What docs/limits.md shows, for limits-page.mjs: the interfaces of options, the values of their defaults, the bounds that nothing
// changes. Paths begin below packages/.

/** The interfaces, by the section that has them. `defaults` are objects of the code, each a column of its own. */
export const sections = [
  {
    title: "A server",
    tables: [
      {
        of: "ServerLimits",
        file: "transport/src/server/server-options.ts",
        text: "`createServer({ limits })` sets them, of the kit and of the transport. The kit has some defaults of its own.",
        defaults: [
          ["server-kit", "server-kit/src/limits.ts", "defaultServerLimits"],
          ["transport", "transport/src/server/server-options.ts", "defaultServerLimits"],
        ],
      },
      {
        of: "ConnectionOptions",
        file: "transport/src/http2/connection-options.ts",
        text: "`createServer({ http2 })` sets them, and `http2` of a channel's options. A client has no `maxQueuedBytes`.",
        defaults: [["default", "transport/src/http2/connection-options.ts", "defaultConnectionOptions"]],
      },
      {
        of: "Http1Options",
        file: "transport/src/server/http1-options.ts",
        text: "`createServer({ http1 })` of the transport and of the kit sets them.",
        defaults: [["default", "transport/src/server/http1-options.ts", "defaultHttp1Options"]],
      },
      {
        of: "AbuseLimits",
        file: "transport/src/http2/abuse-guard.ts",
        text: "`http2.abuse` sets them, each as `{ burst, perSecond }`. Over one, the connection ends with ENHANCE_YOUR_CALM.",
        defaults: [["default", "transport/src/http2/abuse-guard.ts", "defaultAbuseLimits"]],
      },
      {
        of: "ServerOptions",
        file: "server-kit/src/create-server.ts",
        text: "`createServer` of the kit takes them.",
      },
      { of: "ShutdownOptions", file: "server-kit/src/create-server.ts", text: "`shutdown` takes them." },
      {
        of: "StopOnSignalsOptions",
        file: "server-kit/src/stop-on-signals.ts",
        text: "`stopOnSignals` takes them.",
      },
      {
        of: "RunServerOptions",
        file: "server-kit/src/run-server.ts",
        text: "`runServer` takes them.",
      },
      { of: "TlsFiles", file: "server-kit/src/tls-credentials.ts", text: "`tlsCredentials` takes them." },
      { of: "CreateLoggerOptions", file: "server-kit/src/logger.ts", text: "`createLogger` takes them." },
      { of: "LoggingOptions", file: "server-kit/src/middleware/logging.ts", text: "`logging` takes them." },
      {
        of: "ErrorBoundaryOptions",
        file: "server-kit/src/middleware/error-boundary.ts",
        text: "`errorBoundary` takes them.",
      },
      {
        of: "RequestIdOptions",
        file: "server-kit/src/middleware/request-id.ts",
        text: "`requestId` takes them.",
      },
    ],
  },
  {
    title: "An edge",
    tables: [
      {
        of: "EdgeLimits",
        file: "edge/src/edge-options.ts",
        text: "`createEdge({ limits })` sets them.",
        defaults: [["default", "edge/src/edge-options.ts", "defaultEdgeLimits"]],
      },
      { of: "CommonEdgeOptions", file: "edge/src/edge-options.ts", text: "`createEdge` takes them." },
      {
        of: "ServerEdgeOptions",
        file: "edge/src/edge-options.ts",
        text: "`createEdge({ server })` takes them, too.",
      },
      { of: "CorsOptions", file: "edge/src/http/cors.ts", text: "`createEdge({ cors })` sets them." },
      { of: "EtagOptions", file: "edge/src/edge-options.ts", text: "`createEdge({ etags })` sets them." },
      {
        of: "CompressionOptions",
        file: "edge/src/compression/compression.ts",
        text: "`createEdge({ compression })` sets them.",
      },
      { of: "ProxyOptions", file: "edge/src/http/proxies.ts", text: "`createEdge({ proxies })` sets them." },
      {
        of: "OpenApiOptions",
        file: "edge/src/reference/openapi-options.ts",
        text: "`createEdge({ openapi })` sets them.",
      },
      { of: "DocsPageOptions", file: "edge/src/reference/docs-page.ts", text: "`docsPage` takes them." },
      {
        of: "McpLimits",
        file: "edge/src/mcp/mcp-options.ts",
        text: "`mcp({ limits })` of `@callwire/edge/mcp` sets them.",
        defaults: [["default", "edge/src/mcp/mcp-options.ts", "defaultMcpLimits"]],
      },
    ],
  },
  {
    title: "A client",
    tables: [
      {
        of: "ClientOptions",
        file: "client-sdk/src/client-options.ts",
        text: "`createClient` of the SDK takes them.",
      },
      {
        of: "WebClientOptions",
        file: "client-sdk/src/web/web-options.ts",
        text: "`createClient` of `@callwire/client-sdk/web` takes them.",
      },
      { of: "ClientCallOptions", file: "client-sdk/src/call-options.ts", text: "Each call takes them." },
      { of: "CallOptions", file: "transport/src/client/client-types.ts", text: "Each call takes these too." },
      {
        of: "RetryOptions",
        file: "client-sdk/src/middleware/retry.ts",
        text: "`retry` of the client takes them.",
      },
      {
        of: "ResumableOptions",
        file: "client-sdk/src/resumable/resumable.ts",
        text: "`resumable` takes them.",
      },
      {
        of: "WatchOptions",
        file: "client-sdk/src/users/watch.ts",
        text: "`watchUsers` of the users client takes them.",
      },
      {
        of: "ChannelOptions",
        file: "transport/src/client/channel-options.ts",
        text: "`createChannel` takes them, and `channelOptions` of the SDK. The SDK has some defaults of its own.",
        defaults: [["client-sdk", "client-sdk/src/internal/channel-options.ts", "defaultChannelOptions"]],
        rest: "transport",
      },
    ],
  },
];

const shutdown = ["server-kit/src/create-server.ts", /^export const DEFAULT_SHUTDOWN_TIMEOUT_MS = (.*);$/m];
/** The place of the default of an option of channels. */
export const channel = (name) => [
  "transport/src/client/channel-options.ts",
  new RegExp(`\\(\\s*"${name}",\\s*([\\d_* ]+)[,)]`),
];
const retry = (name) => [
  "client-sdk/src/internal/retry-policy.ts",
  new RegExp(`^  ${name}\\b.* = ([\\d._]+),$`, "m"),
];

/** The places in the code of defaults that a comment states as a number. Each number is compared with its place. */
export const places = {
  "ShutdownOptions.timeoutMs": shutdown,
  "StopOnSignalsOptions.timeoutMs": shutdown,
  "RunServerOptions.shutdownTimeoutMs": shutdown,
  "TlsFiles.checkIntervalMs": ["server-kit/src/tls-credentials.ts", /^const CHECK_INTERVAL_MS = (.*);$/m],
  "CompressionOptions.minBytes": [
    "edge/src/compression/compression.ts",
    /^const DEFAULT_MIN_BYTES = (.*);$/m,
  ],
  "CorsOptions.maxAgeSeconds": ["edge/src/http/cors.ts", /^const DEFAULT_MAX_AGE_SECONDS = (.*);$/m],
  "ClientOptions.timeoutMs": [
    "client-sdk/src/middleware/deadline.ts",
    /^export const TIMEOUT_MS = ([\d_]+);$/m,
  ],
  "WebClientOptions.timeoutMs": [
    "client-sdk/src/middleware/deadline.ts",
    /^export const TIMEOUT_MS = ([\d_]+);$/m,
  ],
  "WebClientOptions.maxReceiveMessageBytes": [
    "client-sdk/src/web/create-client.ts",
    /^const MAX_RECEIVE_MESSAGE_BYTES = (.*);$/m,
  ],
  "ClientOptions.stallTimeoutMs": ["client-sdk/src/create-client.ts", /^const STALL_TIMEOUT_MS = (.*);$/m],
  "WatchOptions.stallTimeoutMs": ["client-sdk/src/users/watch.ts", /^const STALL_TIMEOUT_MS = (.*);$/m],
  "RetryOptions.maxAttempts": [
    "client-sdk/src/internal/retry-policy.ts",
    /^export const MAX_ATTEMPTS = (.*);$/m,
  ],
  "RetryOptions.initialBackoffMs": retry("initialBackoffMs"),
  "RetryOptions.maxBackoffMs": retry("maxBackoffMs"),
  "RetryOptions.backoffMultiplier": retry("backoffMultiplier"),
  "RetryOptions.maxTokens": retry("maxTokens"),
  "RetryOptions.maxWaitMs": ["client-sdk/src/middleware/retry.ts", /^const MAX_WAIT_MS = (.*);$/m],
  "RetryOptions.tokenRatio": retry("tokenRatio"),
  "ChannelOptions.grpc.dns_min_time_between_resolutions_ms": [
    "transport/src/client/channel-options.ts",
    /^const RESOLUTION_INTERVAL_MS = (.*);$/m,
  ],
};
/** Bounds that nothing changes. */
export const fixed = [
  ["protobuf/src/reader.ts", ["MAX_DEPTH", "TEXT_WINDOW_BYTES"]],
  ["protobuf/src/writer.ts", ["MAX_MESSAGE_BYTES"]],
  ["protobuf/src/json/options.ts", ["MAX_JSON_DEPTH", "MAX_JSON_NUMBER_LENGTH", "MAX_JSON_MASK_LENGTH"]],
  ["transport/src/http2/header-block.ts", ["MAX_HEADER_BLOCK_BYTES", "MAX_CONTINUATIONS"]],
  ["transport/src/http2/settings.ts", ["MAX_SETTINGS_ENTRIES"]],
  ["transport/src/http2/sender.ts", ["MAX_QUEUED_BYTES"]],
  ["transport/src/grpc/metadata.ts", ["MAX_BINARY_VALUES"]],
  ["transport/src/grpc/status.ts", ["MAX_STATUS_MESSAGE_BYTES"]],
  ["transport/src/grpc/message-source.ts", ["MAX_QUEUED_MESSAGES"]],
  ["transport/src/server/request-head.ts", ["MAX_PATH_LENGTH"]],
  ["transport/src/client/channel-options.ts", ["MIN_KEEPALIVE_MS"]],
  ["transport/src/client/tunnel.ts", ["MAX_PROXY_ANSWER_BYTES"]],
  ["transport/src/client/attempt.ts", ["MAX_INFORMATIONAL_BYTES"]],
  ["client-sdk/src/web/fetch-attempt.ts", ["MAX_END_BYTES"]],
  ["server-kit/src/middleware/request-id.ts", ["MAX_REQUEST_ID_LENGTH"]],
  ["server-kit/src/errors/status-details.ts", ["MAX_STATUS_DETAILS_BYTES"]],
  ["edge/src/binding/body-mask.ts", ["MAX_MASK_LENGTH"]],
  ["edge/src/conditional/idempotency-key.ts", ["MAX_IDEMPOTENCY_KEY_LENGTH"]],
  ["edge/src/gateway/reflection.ts", ["REFLECTION_TIMEOUT_MS"]],
];
