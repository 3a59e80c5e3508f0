import { isIP } from "node:net";
import {
  bytesDefinition,
  checkGrpcJsChannelOptions,
  clientObject,
  type ClientPhases,
  type ClientRuntime,
  CONTRACT_HEADER,
  type Method,
  methodsOf,
  parseTimeout,
  readContract,
  type RuntimeChannel,
  type RuntimeMethod,
} from "@callwire/transport/client";
import { Channel as GrpcJsChannel } from "@grpc/grpc-js";
import {
  type Channel,
  ChannelCredentials,
  type ChannelOptions,
  createChannel,
  createClientFactory,
} from "nice-grpc";
import { type CallOptions, Status } from "nice-grpc-common";
import { clientError, withAdvice } from "../internal/client-errors.js";
import type { OnContract } from "../internal/contract-check.js";
import { InterruptibleStream } from "../internal/interruptible-stream.js";
import { RunningCalls } from "../internal/running-calls.js";
import { type PhasedCall, type PhasedHost, phasedMiddleware } from "../pipeline/phased-middleware.js";
import { connectionAdvice } from "./connection-advice.js";
import { messageCoder } from "./coded-messages.js";
import { grpcJsOrigin, isUnseen } from "./grpc-js-origin.js";
import { RequestStall } from "./request-stall.js";

/** Options of a call that this runtime takes beside nice-grpc's. */
interface NiceGrpcCallOptions extends CallOptions {
  deadline?: Date | number;
  stallTimeoutMs?: number;
}

/**
 * nice-grpc over @grpc/grpc-js, as `runtime` of {@link createClient}. Both must be installed. The options of its channels are
 * grpc-js's. A call's `waitForReady`, `compression` and `compressMessage` have no meaning here, and are passed over.
 * A stream of requests that is broken off ends before it is reset, as node:http2 does it: a server may take what it has for all.
 */
export const niceGrpc: ClientRuntime<ChannelOptions> = {
  createCredentials(tls) {
    if (tls === undefined) return ChannelCredentials.createInsecure();
    return ChannelCredentials.createSsl(pem(tls.ca), pem(tls.key), pem(tls.cert));
  },
  openChannel(address, credentials, options) {
    checkGrpcJsChannelOptions("createClient", options);
    const channel = channelTo(address, credentials as ChannelCredentials, timesOf(options));
    return new NiceGrpcChannel(channel, credentials._isSecure());
  },
};

/** The longest time that a timer takes, in milliseconds: 24.8 days. grpc-js's would fire at once for a longer one. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** The options, with no time that is longer than timers are. */
function timesOf(options: ChannelOptions | undefined): ChannelOptions {
  const times = Object.entries(options ?? {}).filter(
    ([name, value]) => name.endsWith("_ms") && typeof value === "number" && value > MAX_TIMER_MS,
  );
  return { ...options, ...Object.fromEntries(times.map(([name]) => [name, MAX_TIMER_MS])) };
}

/** @throws {TypeError} for several addresses of which one is a name: grpc-js has no list of names. */
function channelTo(
  address: string | readonly string[],
  credentials: ChannelCredentials,
  options: ChannelOptions,
): Channel {
  if (typeof address === "string") {
    // nice-grpc knows grpc-js's names by `://` alone, and gives the others a port.
    return /^(dns|ipv4|ipv6|unix):(?!\/\/)/i.test(address)
      ? new GrpcJsChannel(address, credentials, options)
      : createChannel(address, credentials, options);
  }
  const plain = address.map((each) => each.replace(/^(https?:\/\/|ipv[46]:)/i, ""));
  const families = new Set(plain.map((each) => isIP(each.replace(/:\d+$/, "").replace(/^\[|\]$/g, ""))));
  const [family] = families;
  if (families.size > 1 || family === 0) {
    throw new TypeError(
      "over nice-grpc, addresses must be IP addresses of one family with their ports; the transport takes names too",
    );
  }
  return new GrpcJsChannel(`ipv${family}:${plain.join(",")}`, credentials, options);
}

function pem(text: string | Uint8Array | undefined): Buffer | null {
  return text === undefined ? null : Buffer.from(text);
}

class NiceGrpcChannel implements RuntimeChannel {
  readonly #channel: Channel;
  readonly #isSecure: boolean;
  readonly #calls = new RunningCalls();

  constructor(channel: Channel, isSecure: boolean) {
    this.#channel = channel;
    this.#isSecure = isSecure;
  }

  createClient(
    definition: Parameters<RuntimeChannel["createClient"]>[0],
    phasesOf: Parameters<RuntimeChannel["createClient"]>[1],
    onContract?: OnContract,
  ): Record<string, RuntimeMethod> {
    const methods = methodsOf(definition);
    const phases = new Map(
      methods.map(({ descriptor }) => [descriptor.path, this.#advised(phasesOf(descriptor))]),
    );
    const client = createClientFactory()
      .use(phasedMiddleware(({ path }) => phases.get(path), hostOf(this.#calls, methods, onContract)))
      .create(bytesDefinition(methods), this.#channel) as Record<string, RuntimeMethod>;
    return clientObject(
      methods.map(({ name, descriptor }) => {
        const method = client[descriptor.path]!;
        return [name, descriptor.responseStream ? interruptible(method) : method];
      }),
    ) as Record<string, RuntimeMethod>;
  }

  /** Phases, after advice for a connection that was not made. */
  #advised(phases: ClientPhases = {}): ClientPhases {
    return {
      ...phases,
      failed: (thrown, origin, call) => {
        const adviceOf = (details: string) => connectionAdvice(details, this.#isSecure);
        const error = origin === "connection" ? withAdvice(thrown, adviceOf) : thrown;
        return phases.failed === undefined ? error : phases.failed(error, origin, call);
      },
    };
  }

  close(): void {
    this.#calls.close();
    this.#channel.close();
  }
}

/** A method whose response can be left while a message of it is waited for. */
function interruptible(method: RuntimeMethod): RuntimeMethod {
  return (request, options: CallOptions = {}) =>
    new InterruptibleStream((signal) => {
      const responses = method(request, { ...options, signal }) as AsyncIterable<unknown>;
      return responses[Symbol.asyncIterator]();
    }, options.signal);
}

/** Adds what nice-grpc's calls lack: deadlines, stalls, an end with their client, and how they failed. */
function hostOf(
  calls: RunningCalls,
  methods: readonly Method[],
  onContract: OnContract | undefined,
): PhasedHost {
  let lastContract: string | undefined;
  const descriptors = new Map(methods.map(({ descriptor }) => [descriptor.path, descriptor]));
  const stalls = new WeakMap<PhasedCall, RequestStall>();
  return {
    originOf: grpcJsOrigin,
    methodOf: (method) => descriptors.get(method.path) ?? method,
    coder: messageCoder(methods),
    isUnseen,
    onCall(call) {
      const { context, lifetime } = call;
      const { path, requestStream, responseStream } = context.method;
      const { deadline, metadata, stallTimeoutMs = Infinity } = context.options as NiceGrpcCallOptions;
      const limits = [Infinity];
      // What is no time at all is refused by the check of the call's options.
      if (typeof deadline === "number" || deadline instanceof Date) {
        const time = Number(deadline);
        if (Number.isNaN(time)) {
          const why = "deadline is not a time";
          lifetime.fail(clientError(path, Status.INVALID_ARGUMENT, why, "local"), "local");
        } else limits.push(time - Date.now());
      }
      // It may be anything, which is said when it is sent.
      const text: unknown = metadata?.get?.("grpc-timeout");
      if (typeof text === "string") limits.push(parseTimeout(text) ?? Infinity);
      context.deadlineMs = performance.now() + Math.min(...limits);
      const cancel = () => {
        lifetime.fail(clientError(path, Status.CANCELLED, "the client is closed", "local"), "local");
      };
      calls.add(cancel);
      let stall: RequestStall | undefined;
      if (requestStream && stallTimeoutMs !== Infinity) {
        stall = new RequestStall(stallTimeoutMs, responseStream, () => {
          const why = `the server took nothing for ${stallTimeoutMs} ms`;
          lifetime.fail(clientError(path, Status.DEADLINE_EXCEEDED, why, "deadline"), "deadline");
        });
        stalls.set(call, stall);
      }
      return () => {
        calls.delete(cancel);
        stall?.end();
      };
    },
    requestHooks: (call) => stalls.get(call) ?? {},
    ...(onContract && {
      onResponseMetadata({ context }, metadata) {
        const contract = readContract(metadata.get(CONTRACT_HEADER));
        if (contract === undefined || contract === lastContract) return;
        onContract(contract, context.method);
        lastContract = contract;
      },
    }),
    onWaiting: (call, waits) => stalls.get(call)?.onWaiting(waits),
  };
}
