/**
 * The fate of an option of grpc-js on one side: it counts as there, it counts with a difference, it has no meaning here, or
 * grpc-js itself does not read it on that side.
 */
export type OptionUse = "yes" | "differs" | "no" | "-";

/** One option of grpc-js. */
export interface GrpcJsOption {
  readonly channel: OptionUse;
  readonly server: OptionUse;
  /** The difference, or what to use instead. */
  readonly note: string;
  /** The value that asks for what happens here anyway, and so needs no warning. */
  readonly asHere?: unknown;
}

const option = (channel: OptionUse, server: OptionUse, note = "", asHere?: unknown): GrpcJsOption => ({
  channel,
  server,
  note,
  asHere,
});

/**
 * Every option of grpc-js's channels and servers, and those of C-core that count here. docs/grpc-js-options.md has the same
 * table; a test holds them together, and holds both to grpc-js's own list.
 */
export const GRPC_JS_OPTIONS: Readonly<Record<string, GrpcJsOption>> = {
  "grpc.ssl_target_name_override": option("yes", "-"),
  "grpc.primary_user_agent": option("yes", "-"),
  "grpc.secondary_user_agent": option("yes", "-"),
  "grpc.default_authority": option("yes", "-"),
  "grpc.keepalive_time_ms": option("differs", "yes", "a channel's is 10 s at least, as gRPC demands"),
  "grpc.keepalive_timeout_ms": option("yes", "yes"),
  "grpc.keepalive_permit_without_calls": option("yes", "-"),
  "grpc.service_config": option(
    "differs",
    "-",
    "`loadBalancingConfig` counts; retries and time limits are middleware",
  ),
  "grpc.max_concurrent_streams": option("-", "yes"),
  "grpc.initial_reconnect_backoff_ms": option("yes", "-"),
  "grpc.max_reconnect_backoff_ms": option("yes", "-"),
  "grpc.min_reconnect_backoff_ms": option("differs", "-", "C-core's: the time for one address to connect"),
  "grpc.use_local_subchannel_pool": option("no", "-", "every channel has connections of its own", 1),
  "grpc.max_send_message_length": option("yes", "yes"),
  "grpc.max_receive_message_length": option("yes", "yes"),
  "grpc.enable_http_proxy": option("yes", "-", "`proxy` names one, or is false"),
  "grpc.http_connect_target": option("no", "-", "use `proxy`"),
  "grpc.http_connect_creds": option("no", "-", "use `proxy`, with user and password in the URL"),
  "grpc.default_compression_algorithm": option(
    "differs",
    "differs",
    "2 is gzip, and the server's too; no deflate",
  ),
  "grpc.enable_channelz": option("no", "no", "use `channelStats()` and `server.stats`", 0),
  "grpc.dns_min_time_between_resolutions_ms": option(
    "differs",
    "-",
    "with pick_first 0 by default, not 30 s",
  ),
  "grpc.enable_retries": option("no", "-", "retries are middleware: `retry` of client-sdk", 0),
  "grpc.per_rpc_retry_buffer_size": option("no", "-", "retries are middleware: `retry` of client-sdk"),
  "grpc.retry_buffer_size": option("no", "-", "retries are middleware: `retry` of client-sdk"),
  "grpc-node.retry_max_attempts_limit": option("no", "-", "retries are middleware: `retry` of client-sdk"),
  "grpc.max_connection_age_ms": option("-", "yes"),
  "grpc.max_connection_age_grace_ms": option("-", "yes"),
  "grpc.max_connection_idle_ms": option("-", "yes"),
  "grpc-node.max_session_memory": option(
    "no",
    "no",
    "a setting of node:http2; servers have `http2.maxUnreadBytes`",
  ),
  "grpc-node.flow_control_window": option(
    "no",
    "no",
    "windows grow by themselves; servers have `http2.streamWindow`",
  ),
  "grpc.service_config_disable_resolution": option("no", "-", "service configs are never read from DNS", 1),
  "grpc.client_idle_timeout_ms": option("yes", "-"),
  "grpc-node.tls_enable_trace": option("no", "no", "start Node.js with `--trace-tls`", 0),
  "grpc.lb.ring_hash.ring_size_cap": option("no", "-", "there is no ring_hash"),
  "grpc.server_call_metric_recording": option("-", "no", "there are no ORCA metrics", 0),
  interceptors: option("no", "no", "use middleware"),
  interceptor_providers: option("no", "-", "use middleware"),
  callInvocationTransformer: option("no", "-", "use middleware"),
  channelOverride: option("no", "-", "give the channel to `createClient`"),
  channelFactoryOverride: option("no", "-", "give the channel to `createClient`"),
};

/** The names that count on one side. */
export function usedNames(side: "channel" | "server"): string[] {
  return Object.entries(GRPC_JS_OPTIONS)
    .filter(([, uses]) => uses[side] === "yes" || uses[side] === "differs")
    .map(([name]) => name);
}
