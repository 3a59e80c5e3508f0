import type { ClientPhases } from "@callwire/transport/seam";
import type { MetadataInit } from "nice-grpc-common";
import type { TokenSource } from "../middleware/bearer-token.js";
import type { RetryOptions } from "../middleware/retry.js";
import type { WebProtocol } from "./web-protocol.js";

/** A request as the client hands it to `fetch`. */
export interface FetchInit {
  method: "POST";
  headers: Record<string, string>;
  /** Bytes, or for a call that streams its requests a ReadableStream of them. */
  // oxlint-disable-next-line typescript/no-explicit-any -- runtimes name the types of bodies differently, and the same
  body: any;
  signal: AbortSignal;
  redirect: "manual";
  credentials?: "omit" | "same-origin" | "include";
  /** Goes with a stream. */
  duplex?: "half";
}

/** The part of a `Response` that the client reads. */
export interface FetchResponse {
  readonly status: number;
  readonly headers: {
    get(name: string): string | null;
    forEach(callback: (value: string, name: string) => void): void;
  };
  readonly body: { getReader(): ByteReader } | null;
}

/** The reader of a response's body. */
export interface ByteReader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>;
  cancel(): Promise<unknown>;
}

/** Options of {@link createClient} for browsers. `Ext` is what the client's own middleware add to the options of a call. */
export interface WebClientOptions<Ext extends object = object> {
  /**
   * Where the service is: `https://api.example.com`, or with a prefix `https://api.example.com/rpc`. On a page or in a worker it may be
   * relative, such as `/rpc`.
   */
  baseUrl: string;
  /**
   * The protocol that the server speaks: `connect` or `grpcWeb`, which the module of `createClient` exports. A page loads the code of
   * those that it imports.
   */
  protocol: WebProtocol;
  /** Sends the requests. Default: the global `fetch`. */
  // A method, so that `fetch` of each runtime fits, whatever its types are.
  fetch?(url: string, init: FetchInit): Promise<FetchResponse>;
  /**
   * Whether cookies go along, as in `fetch`. Default: the one of `fetch`, `same-origin`. Across origins, `include` needs a server that
   * allows credentials.
   */
  credentials?: "omit" | "same-origin" | "include";
  /** Sent with every call as `authorization: Bearer …`; a function is asked for each attempt. Default: none. */
  token?: TokenSource;
  /** Allows `token` over http:// to another machine. Default: false. */
  allowTokenInClear?: boolean;
  /**
   * The time that a call that sends one message and answers with one may take, in milliseconds; `Infinity` for no limit. Calls that
   * stream have no limit unless the call sets one. Default: 30,000.
   */
  timeoutMs?: number;
  /** The longest message that is taken, in bytes. A longer one ends its call with RESOURCE_EXHAUSTED. Default: 16 MiB, as the SDK's. */
  maxReceiveMessageBytes?: number;
  /** Settings of retries after UNAVAILABLE; `false` for none. Default: see {@link RetryOptions}. */
  retry?: RetryOptions | false;
  /** Sent with every call; a call's own metadata goes before it, key by key. Default: none. */
  metadata?: MetadataInit;
  /** Middleware as phases, outermost first. They run once around each call, outside its deadline and its retries. Default: none. */
  middleware?: ClientPhases<Ext>[];
}
