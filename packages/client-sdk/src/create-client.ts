import {
  checkDefinition,
  checkOptions,
  kindOf,
  rules,
  type RulesOf,
  type CallOptions,
  type Client,
  type ClientPhases,
  type ClientRuntime,
  clientObject,
  clientRuntime,
  contractOf,
  type CompatServiceDefinition,
  methodsOf,
  type NormalizedServiceDefinition,
  type RuntimeMethod,
} from "@callwire/transport";
import type { ClientCallOptions, ClientOptions, Middleware } from "./client-options.js";
import { contractCheck } from "./internal/contract-check.js";
import { openChannel, tlsRules } from "./internal/channel.js";
import { bearerToken, tokenRule } from "./middleware/bearer-token.js";
import { callErrors } from "./middleware/call-errors.js";
import { deadline } from "./middleware/deadline.js";
import { defaultMetadata } from "./middleware/default-metadata.js";
import { requestId } from "./middleware/request-id.js";
import { retry, retryRules } from "./middleware/retry.js";
import { clientPipeline } from "./pipeline/client-pipeline.js";

/** A client that can be closed. */
export interface Closable extends AsyncDisposable {
  /**
   * Ends the calls under way and closes the connection. They fail with a {@link CallError} of code CANCELLED, and so does
   * every later call. Closing twice is harmless.
   */
  close(): void;
}

/**
 * A client of a service: a method for each of the contract's, and {@link Closable}. A contract's own method named `close` is
 * called with a request; without one, `close` closes the client.
 */
export type ServiceClient<
  Definition extends CompatServiceDefinition,
  Ext extends object = object,
> = TakingAnyIterable<
  Client<Definition, Omit<ClientCallOptions, keyof CallOptions> & Ext>,
  NormalizedServiceDefinition<Definition>
> &
  Closable;

/** The methods of a client, where those that stream their requests take any iterable, such as an array. */
type TakingAnyIterable<Methods, Definition> = {
  [Name in keyof Methods]: Name extends keyof Definition
    ? Definition[Name] extends { requestStream: true }
      ? Methods[Name] extends (
          requests: AsyncIterable<infer Request>,
          options?: infer Options,
        ) => infer Response
        ? (requests: AsyncIterable<Request> | Iterable<Request>, options?: Options) => Response
        : Methods[Name]
      : Methods[Name]
    : Methods[Name];
};

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}

const optionRules: RulesOf<ClientOptions> = {
  address: rules.rule("a text like 'host:port' or 'https://host:port'", rules.text.accepts),
  addresses: rules.rule("an array of addresses like 'host:port'", isListOfTexts),
  balancing: rules.oneOf("pick_first", "pick_first_shuffled", "round_robin"),
  allowTokenInClear: rules.boolean,
  // The runtime checks what is in it.
  channelOptions: rules.anyObject,
  contractMismatch: rules.either(rules.oneOf("warn", "refuse", "ignore"), rules.callable),
  credentials: rules.rule(
    "credentials that ChannelCredentials of the runtime makes; certificates are for 'tls'",
    rules.objectWith("_isSecure").accepts,
  ),
  metadata: rules.rule("metadata, such as { key: 'value' }", rules.anyObject.accepts),
  // Checked one by one, by its place.
  middleware: rules.rule("an array of middleware, outermost first", Array.isArray),
  retry: rules.either(rules.oneOf(false), rules.options(retryRules)),
  runtime: rules.objectWith("createCredentials", "openChannel"),
  stallTimeoutMs: rules.positiveMilliseconds,
  timeoutMs: rules.positiveMilliseconds,
  tls: rules.either(rules.oneOf(true), rules.options(tlsRules)),
  token: tokenRule,
};

/** The time that a call that streams its requests may be without progress, in milliseconds: as long as another may take. */
const STALL_TIMEOUT_MS = 30_000;

const phaseRules: RulesOf<ClientPhases> = {
  attempted: rules.callable,
  began: rules.callable,
  ended: rules.callable,
  failed: rules.callable,
  request: rules.callable,
  response: rules.callable,
  retryAfterMs: rules.callable,
};

/** This package's own factories, which are easily put into a list without being called. */
const factories = new Set(["bearerToken", "callErrors", "deadline", "defaultMetadata", "requestId", "retry"]);

/** Throws a TypeError that names what is no middleware by its place, or a phase that is misspelt. */
function checkMiddleware(middleware: unknown, index: number): void {
  const place = `createClient: middleware[${index}]`;
  if (typeof middleware === "function") {
    const notCalled = factories.has(middleware.name) && middleware.length < 2;
    if (notCalled)
      throw new TypeError(`${place} is ${middleware.name} itself: call it, as in ${middleware.name}({ … })`);
    return;
  }
  if (typeof middleware !== "object" || middleware === null) {
    throw new TypeError(`${place} is ${kindOf(middleware)}, which is none`);
  }
  checkOptions(place, middleware, phaseRules);
}

/** The middleware of a client, outermost first, and why in this order. */
function middlewareOf(options: ClientOptions<never>): Middleware[] {
  const { metadata, middleware = [], retry: retries = {}, token, timeoutMs } = options;
  const list: Middleware[] = [
    // Outside the rest, so that the caller sees one kind of error.
    callErrors(),
    // Before the request id, which may be one of them.
    ...(metadata ? [defaultMetadata({ metadata })] : []),
    // Before all that may name the call.
    requestId(),
    // Once for each call.
    ...(middleware as Middleware[]),
    // One limit for all attempts.
    deadline(timeoutMs === undefined ? {} : { timeoutMs }),
    ...(retries ? [retry(retries)] : []),
    // Anew for each attempt.
    ...(token !== undefined ? [bearerToken({ token })] : []),
  ];
  return list;
}

/** A method that streams its requests, with the client's limit for the calls that set none. */
function withStallTimeout(method: RuntimeMethod, stallTimeoutMs: number): RuntimeMethod {
  return (request, options: ClientCallOptions = {}) =>
    method(request, { ...options, stallTimeoutMs: options.stallTimeoutMs ?? stallTimeoutMs });
}

/**
 * Makes a client of any service. It connects when it is first used, and again whenever the connection is lost.
 *
 * A call that fails throws a {@link CallError}; a call whose `signal` is aborted throws that signal's reason.
 *
 * Throws a TypeError or RangeError at once if an option is not right or not known, or two contradict each other.
 */
export function createClient<Definition extends CompatServiceDefinition, Ext extends object = object>(
  definition: Definition,
  options: ClientOptions<Ext>,
): ServiceClient<Definition, Ext> {
  checkDefinition(definition);
  checkOptions("createClient", options, optionRules);
  options.middleware?.forEach(checkMiddleware);
  const { contractMismatch = "warn", stallTimeoutMs = STALL_TIMEOUT_MS } = options;
  const runtime: ClientRuntime = options.runtime ?? clientRuntime;
  const pipeline = clientPipeline(middlewareOf(options));
  const methods = methodsOf(definition);
  const channel = openChannel(options, runtime);
  const service = methods[0]!.descriptor.path.split("/")[1]!;
  const own = channel.createClient(
    definition,
    (method): ClientPhases | undefined => pipeline.phasesOf(method),
    contractCheck(service, contractOf(definition), contractMismatch),
  );
  const client = clientObject(
    methods.map(({ name, descriptor }) => {
      const method = pipeline.around(descriptor, own[name] as RuntimeMethod);
      return [name, descriptor.requestStream ? withStallTimeout(method, stallTimeoutMs) : method] as const;
    }),
  ) as Record<string, RuntimeMethod>;
  let isClosed = false;
  const close = () => {
    if (isClosed) return;
    isClosed = true;
    channel.close();
  };
  const ownClose = Object.hasOwn(client, "close") ? client["close"] : undefined;
  return Object.assign(client, {
    close:
      ownClose === undefined
        ? close
        : (...args: [] | Parameters<RuntimeMethod>) => (args.length === 0 ? close() : ownClose(...args)),
    [Symbol.asyncDispose]: async () => close(),
  }) as unknown as ServiceClient<Definition, Ext>;
}
