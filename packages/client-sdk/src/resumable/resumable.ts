import { checkOptions, checkValue, rules, type RulesOf } from "@callwire/transport/seam";
import type { ClientCallOptions } from "../call-options.js";
import type { CallError } from "../errors/call-error.js";
import { isResumable, ResumedStream, type Resume } from "./resumed-stream.js";
import { Watches } from "./watches.js";

/** Options of {@link resumable}. */
export interface ResumableOptions<Message, Token> {
  /**
   * Gives the position behind a message, from which the next connection goes on; undefined if the message has none. If it throws,
   * the stream ends with that error.
   */
  tokenOf: (message: Message) => Token | undefined;
  /** The position to begin at: the last token of an earlier stream. Default: undefined, where the server begins by itself. */
  token?: Token;
  /** Ends the stream with its reason. Default: none. */
  signal?: AbortSignal;
  /** The time for all connections together, in milliseconds; then DEADLINE_EXCEEDED. Default: no limit. */
  timeoutMs?: number;
  /**
   * The time without any message after which a connection counts as lost, in milliseconds. Default: `Infinity`, never: only the
   * service says how often its streams have something to say.
   */
  stallTimeoutMs?: number;
  /**
   * Decides if a stream that ended with this error is resumed. Default: after UNAVAILABLE, after CANCELLED by the server, and after
   * each end that the server has not sent as a status: a lost connection, RST_STREAM, an end without trailers, or what is no gRPC.
   */
  isResumable?: (error: CallError) => boolean;
  /** Called when a connection is lost, before the wait for the next one. If it throws, the stream ends with that error. Default: none. */
  onResume?: (resume: Resume) => void;
}

/** A stream that is resumed. To stop reading ends it. */
// AsyncIterableIterator<Message, undefined>, as TypeScript before 5.6 knows it too.
export interface Resumable<Message> extends AsyncIterator<Message, undefined> {
  [Symbol.asyncIterator](): Resumable<Message>;
}

/** The options that a stream of this package's own adds. */
export interface ResumeStreamOptions<Message, Token>
  extends ResumableOptions<Message, Token>, Omit<ClientCallOptions, "retry" | "stallTimeoutMs"> {
  /** True if the reader gets a message. Default: each. */
  isForReader?: (message: Message) => boolean;
  /** The method, for errors. */
  method?: string;
  /** The streams that end with their client. Default: none do. */
  watches?: Watches;
}

// Marked, so that a bundle for browsers leaves them out with `resumable` itself.
const optionRules: RulesOf<ResumableOptions<unknown, unknown>> = {
  isResumable: rules.callable,
  onResume: rules.callable,
  signal: /* @__PURE__ */ rules.rule("an AbortSignal", (value) => value instanceof AbortSignal),
  stallTimeoutMs: rules.positiveMilliseconds,
  timeoutMs: rules.positiveMilliseconds,
  token: /* @__PURE__ */ rules.rule(
    "a token, such as a text",
    (value) => value !== null && typeof value !== "symbol",
  ),
  tokenOf: /* @__PURE__ */ rules.required(
    /* @__PURE__ */ rules.rule("a function that gives a message's token", isFunction),
  ),
};

function isFunction(value: unknown): boolean {
  return typeof value === "function";
}

const opensStream = /* @__PURE__ */ rules.required(
  /* @__PURE__ */ rules.rule("a function that opens a stream", isFunction),
);

/** One timer looks after the stalls of all streams. */
const allWatches = /* @__PURE__ */ new Watches();

/**
 * Makes one stream of a server stream that may be cut off: when a connection ends before the server has ended the stream, another
 * one is opened behind the last message that had a token. The waits between are gRPC's for connecting: 1 s, ×1.6, at most 20 s.
 * The first message after a wait sets them back. It begins when its first message is asked for.
 *
 * The stream ends when the server ends it, and throws what cannot be resumed: a status of the server's, such as OUT_OF_RANGE for a
 * token that is too old; DEADLINE_EXCEEDED; CANCELLED if the client is closed; the signal's reason.
 *
 * @param call Opens one connection: it makes a call with the request that begins after `token`, and must pass `options` on.
 * @throws {TypeError} if `call` or `tokenOf` is no function, or an option is not known.
 */
export function resumable<Message, Token = string>(
  call: (token: Token | undefined, options: ClientCallOptions) => AsyncIterable<Message>,
  options: ResumableOptions<Message, Token>,
): Resumable<Message> {
  checkValue("resumable", "call", call, opensStream);
  checkOptions("resumable", options, optionRules);
  return resumeStream(call, options);
}

/** {@link resumable} with what a stream of this package's own adds. */
export function resumeStream<Message, Token>(
  call: (token: Token | undefined, options: ClientCallOptions) => AsyncIterable<Message>,
  init: ResumeStreamOptions<Message, Token>,
): Resumable<Message> {
  const { tokenOf, token, isForReader = () => true, onResume, ...rest } = init;
  const { isResumable: isWorthIt = isResumable, method = "resumable", ...others } = rest;
  const { stallTimeoutMs = Infinity, watches = allWatches, ...options } = others;
  return new ResumedStream<Message, Token>({
    call,
    tokenOf,
    token,
    isForReader,
    isResumable: isWorthIt,
    onResume,
    options,
    stallTimeoutMs,
    method,
    watches,
  });
}
