import type {
  ChannelOptions,
  ClientRuntime,
  ClientTlsOptions,
  RuntimeCredentials,
} from "@callwire/transport/client";
import type { ClientPhases } from "@callwire/transport/seam";
import type { ClientMiddleware, MetadataInit } from "nice-grpc-common";
import type { ContractMismatch } from "./contract-mismatch.js";
import type { TokenSource } from "./middleware/bearer-token.js";
import type { RetryOptions } from "./middleware/retry.js";

/** The TLS settings of a connection, in PEM. */
export type TlsOptions = ClientTlsOptions;

/**
 * Runs around the calls of a client: phases, as this package's own are, or an async generator made for nice-grpc.
 * `Ext` is what it adds to the options of a call.
 */
export type Middleware<Ext extends object = object> = ClientPhases<Ext> | ClientMiddleware<Ext>;

/** Options of {@link createClient}. `Ext` is what the client's own middleware add to the options of a call. */
export interface ClientOptions<Ext extends object = object> {
  /**
   * Where the server is: "host:port" or "http://host:port" in clear text (unless `tls` or `credentials` secure the
   * former), "https://host:port" over TLS, or a name in gRPC's own syntax, such as "dns:///host:port", "ipv4:1.2.3.4:5,6.7.8.9:5",
   * "ipv6:[::1]:5", "unix:///path" or "unix-abstract:name". Without a port it is 80 in clear text and 443 over TLS; in gRPC's own
   * names 443. Either this or `addresses` must be given.
   */
  address?: string;
  /**
   * Where the servers are, if several serve the same: each as `address`. The certificate of each is checked for the first one's name.
   * nice-grpc's channels take several only as IP addresses.
   */
  addresses?: readonly string[];
  /**
   * The policy by which calls find their server: the first address that answers, the same in an order of chance, or each address in
   * turn. A name is resolved again when a server goes away, and with `round_robin` at intervals. Default: `pick_first`.
   */
  balancing?: "pick_first" | "pick_first_shuffled" | "round_robin";
  /** Secures the connection; `true` trusts the well-known authorities. Default: true for "https://", otherwise none. */
  tls?: true | TlsOptions;
  /** Secures the connection, with a credentials object of the runtime. Not together with `tls`. */
  credentials?: RuntimeCredentials;
  /** Sent with every call as `authorization: Bearer …`; a function is asked for each attempt. Default: none. */
  token?: TokenSource;
  /** Allows `token` on a connection without TLS that leaves this machine. Default: false. */
  allowTokenInClear?: boolean;
  /**
   * The time that a call that sends one message and answers with one may take, in milliseconds; `Infinity` for no limit. Calls that
   * stream have no limit unless the call sets one. Default: 30,000.
   */
  timeoutMs?: number;
  /**
   * The time that the server may leave a call that streams its requests without progress, in milliseconds; `Infinity` for ever. See
   * {@link ClientCallOptions.stallTimeoutMs}. Default: 30,000.
   */
  stallTimeoutMs?: number;
  /** Settings of retries after UNAVAILABLE; `false` for none. Default: see {@link RetryOptions}. */
  retry?: RetryOptions | false;
  /** Sent with every call; a call's own metadata goes before it, key by key. Default: none. */
  metadata?: MetadataInit;
  /**
   * Middleware, outermost first: phases and nice-grpc's generators, in any order. They run once around each call, outside its
   * deadline and its retries, and see nice-grpc's ClientError; what they throw becomes a CallError. Only calls that pass a
   * generator pay for one. Default: none.
   */
  middleware?: Middleware<Ext>[];
  /** Settings of the channel, before the defaults; grpc-js's names are taken. */
  channelOptions?: ChannelOptions;
  /**
   * Says what to do if the server names a contract that does not fit the one that this client was generated from. `warn`: a warning of
   * the process, once for each contract of the server's. `refuse`: every call that such a server answers fails with
   * FAILED_PRECONDITION, and its {@link CallError.contractMismatch}. A function is called in place of the warning. Servers that name
   * none, and clients whose code was generated without `contract_version`, always fit. Default: `warn`.
   */
  contractMismatch?: "warn" | "refuse" | "ignore" | ((mismatch: ContractMismatch) => void);
  /** The runtime, which carries the bytes. Default: `@callwire/transport`; `@callwire/client-sdk/nice-grpc` has another one. */
  runtime?: ClientRuntime;
}
