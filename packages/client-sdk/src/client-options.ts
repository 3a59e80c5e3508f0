import type { ChannelOptions } from "nice-grpc";
import type { CallOptions, ClientMiddleware, MetadataInit } from "nice-grpc-common";
import type { ClientRuntime, RuntimeCredentials } from "./client-runtime.js";
import type { TokenSource } from "./middleware/bearer-token.js";
import type { RetryOptions } from "./middleware/retry.js";

/** How a connection is secured, in PEM. */
export interface TlsOptions {
  /** Whom to trust. Default: the well-known authorities. */
  ca?: string | Uint8Array;
  /** The client's private key, for servers that want to know the client; goes with `cert`. Default: none. */
  key?: string | Uint8Array;
  /** The client's certificate chain. */
  cert?: string | Uint8Array;
}

/** Options of {@link createClient}. `Ext` is what the client's own middleware add to the options of a call. */
export interface ClientOptions<Ext extends object = object> {
  /**
   * Where the server is: "host:port" or "http://host:port" in clear text (unless `tls` or `credentials` secure the
   * former), "https://host:port" over TLS, or a name in gRPC's own syntax, such as "dns:///host:port" or "unix:///path".
   */
  address: string;
  /** Secures the connection; `true` trusts the well-known authorities. Default: true for "https://", otherwise none. */
  tls?: true | TlsOptions;
  /** Secures the connection, for those who have credentials objects of the runtime. Not together with `tls`. */
  credentials?: RuntimeCredentials;
  /** Sent with every call as `authorization: Bearer …`; a function is asked for each attempt. Default: none. */
  token?: TokenSource;
  /** Allows `token` on a connection without TLS that leaves this machine. Default: false. */
  allowTokenInClear?: boolean;
  /**
   * How long a call that answers with one message may take, in milliseconds; `Infinity` for no limit. Calls that answer with
   * a stream have no limit unless the call sets one. Default: 30,000.
   */
  timeoutMs?: number;
  /** How calls are tried again after UNAVAILABLE; `false` for never. Default: see {@link RetryOptions}. */
  retry?: RetryOptions | false;
  /** Sent with every call; a call's own metadata goes before it, key by key. Default: none. */
  metadata?: MetadataInit;
  /**
   * Middleware made for nice-grpc, outermost first. They run once around each call, outside its deadline and its retries,
   * and see nice-grpc's ClientError; what they throw becomes a CallError. Default: none.
   */
  middleware?: ClientMiddleware<Ext>[];
  /** Settings of the channel, in grpc-js's names, before the defaults. */
  channelOptions?: ChannelOptions;
  /** What carries the bytes. Default: nice-grpc. */
  runtime?: ClientRuntime;
}

/** Options of one call. */
export interface ClientCallOptions extends CallOptions {
  /**
   * How long this call may take with all its attempts, in milliseconds; `Infinity` for no limit. More than 24.8 days count
   * as that. Default: the client's for calls that answer with one message, otherwise none.
   */
  timeoutMs?: number;
  /** Sent as `x-request-id` and kept over retries; printable ASCII. Default: a new UUID. */
  requestId?: string;
  /**
   * Whether this call may be sent again after UNAVAILABLE. Default: whether the contract gives its method an
   * `idempotency_level`. Calls that stream their requests never are.
   */
  retry?: boolean;
}
