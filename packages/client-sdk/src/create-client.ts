import { checkDefinition, type ClientRuntime, clientRuntime, methodsOf } from "@callwire/transport/client";
import {
  checkOptions,
  clientObject,
  type ClientPhases,
  type CompatServiceDefinition,
  contractOf,
  rules,
  type RulesOf,
  type RuntimeMethod,
} from "@callwire/transport/seam";
import type { ClientCallOptions } from "./call-options.js";
import { checkMiddleware, middlewareOf } from "./client-middleware.js";
import type { ClientOptions, Middleware } from "./client-options.js";
import { closable } from "./internal/closable.js";
import { contractCheck } from "./internal/contract-check.js";
import { openChannel, targetsOf, tlsRules } from "./internal/channel.js";
import { portAdvice } from "./internal/port-advice.js";
import { tokenRule } from "./middleware/bearer-token.js";
import { callOptions, takingOptions } from "./middleware/call-options.js";
import { retryRules } from "./middleware/retry.js";
import { clientPipeline } from "./pipeline/client-pipeline.js";
import type { ServiceClient } from "./service-client.js";

function isListOfTexts(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0 && value.every((one) => typeof one === "string");
}

const optionRules: RulesOf<ClientOptions> = {
  address: rules.rule("a text like 'host:port' or 'https://host:port'", rules.text.accepts),
  addresses: rules.rule("an array of addresses like 'host:port'", isListOfTexts),
  balancing: rules.oneOf("pick_first", "pick_first_shuffled", "round_robin"),
  allowTokenInClear: rules.boolean,
  // The runtime checks what is in it.
  channelOptions: rules.someOptions,
  contractMismatch: rules.either(rules.oneOf("warn", "refuse", "ignore"), rules.callable),
  credentials: rules.rule(
    "credentials that ChannelCredentials of the runtime makes; certificates are for 'tls'",
    rules.objectWith("_isSecure").accepts,
  ),
  metadata: rules.metadata,
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

/** A method that streams its requests, with the client's limit for the calls that set none. */
function withStallTimeout(method: RuntimeMethod, stallTimeoutMs: number): RuntimeMethod {
  return (request, options?: ClientCallOptions) =>
    options?.stallTimeoutMs === undefined
      ? method(request, { ...options, stallTimeoutMs })
      : method(request, options);
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
  const targets = targetsOf(options);
  const pipeline = clientPipeline([
    ...middlewareOf<Middleware>(options),
    // Last, since generators around it may have taken options of their own.
    callOptions((options.middleware ?? []).length > 0),
    ...portAdvice(targets),
  ]);
  const methods = methodsOf(definition);
  const channel = openChannel(targets, options, runtime);
  // A service without methods has no calls that could tell of another contract.
  const service = methods[0]?.descriptor.path.split("/")[1] ?? "";
  const own = channel.createClient(
    definition,
    (method): ClientPhases | undefined => pipeline.phasesOf(method),
    contractCheck(service, contractOf(definition), contractMismatch),
  );
  const client = clientObject(
    methods.map(({ name, descriptor }) => {
      const inner = pipeline.around(descriptor, own[name] as RuntimeMethod);
      const method = descriptor.requestStream ? withStallTimeout(inner, stallTimeoutMs) : inner;
      return [name, takingOptions(descriptor, method)] as const;
    }),
  );
  return closable(client, () => channel.close()) as unknown as ServiceClient<Definition, Ext>;
}
