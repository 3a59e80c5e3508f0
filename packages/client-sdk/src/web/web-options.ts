import type { ClientPhases } from "@callwire/transport/seam";
import type { MetadataInit } from "nice-grpc-common";
import type { TokenSource } from "../middleware/bearer-token.js";
import type { RetryOptions } from "../middleware/retry.js";
import { checkOptions, described, type Rule } from "./check-options.js";

/** A request as the client hands it to `fetch`. */
export interface FetchInit {
  method: "POST";
  headers: Record<string, string>;
  /** Bytes, or for a call that streams its requests a ReadableStream of them. */
  // oxlint-disable-next-line typescript/no-explicit-any -- runtimes name the types of bodies differently, and the same
  body: any;
  signal: AbortSignal;
  redirect: "error";
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
   * The protocol. `connect`: unary calls are plain HTTP, with their errors as JSON, which developer tools and proxies understand; it
   * can stream requests. `grpc-web`: for servers and proxies that have no Connect, such as Envoy; it cannot stream requests. Default:
   * `connect`.
   */
  protocol?: "connect" | "grpc-web";
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

type RulesOf<Options> = Readonly<Record<keyof Options, Rule>>;

const aFunction: Rule = ["a function", /^fu/];
const positive: Rule = ["a number of more than 0", /^(?!0$)[\d.I]/];

const retryRules: RulesOf<RetryOptions> = {
  maxAttempts: ["a whole number from 1 to 5", /^[1-5]$/],
  initialBackoffMs: positive,
  maxBackoffMs: positive,
  backoffMultiplier: ["a number of at least 1", /^[1-9I]/],
  maxWaitMs: ["a number of at least 0", /^[\dI]/],
  maxTokens: ["a number of more than 0, at most 1000", /^(?!0$)(1000|\d{1,3}(\.\d+)?)$/],
  tokenRatio: positive,
};

const optionRules: RulesOf<WebClientOptions> = {
  allowTokenInClear: ["true or false", /^(true|false)$/],
  baseUrl: ["a text like 'https://api.example.com'", /^"/],
  credentials: ['"omit", "same-origin" or "include"', /^"(omit|same-origin|include)"$/],
  fetch: aFunction,
  maxReceiveMessageBytes: ["a whole number of at least 1, or Infinity", /^([1-9]\d*|Infinity)$/],
  metadata: ["metadata, such as { key: 'value' }", /^object$/],
  middleware: ["an array of middleware, outermost first", /^an/],
  protocol: ['"connect" or "grpc-web"', /^"(connect|grpc-web)"$/],
  retry: ["false, or an object of options", /^(object|false)$/, retryRules],
  timeoutMs: ["a number of milliseconds of more than 0, or Infinity", positive[1]],
  token: ["a text of printable ASCII without spaces, or a function that gives one", /^("[!-~]+"$|fu)/],
};

const phaseRules: RulesOf<ClientPhases> = {
  attempted: aFunction,
  began: aFunction,
  ended: aFunction,
  failed: aFunction,
  request: aFunction,
  response: aFunction,
  retryAfterMs: aFunction,
};

/** Throws a TypeError or RangeError if an option is not right or not known. */
export function checkWebOptions(options: WebClientOptions<never>): void {
  checkOptions("createClient", { ...options, baseUrl: options?.baseUrl ?? null }, optionRules);
  options.middleware?.forEach((phases: unknown, index) => {
    const place = `createClient: middleware[${index}]`;
    const kind = described(phases);
    if (kind !== "object") throw new TypeError(`${place} is ${kind}, which is none`);
    checkOptions(place, phases as object, phaseRules);
  });
}
