import { Status } from "nice-grpc-common";
import { checkValue } from "../grpc/check-options.js";
import type { KeepBudget } from "../grpc/kept-messages.js";
import { either, listOf, required, text } from "../grpc/option-rules.js";
import { MAX_TIMER_MS, timerMs } from "../http2/timers.js";
import { Balancer, type BalancerListener } from "./balancer.js";
import { ChannelCredentials } from "./channel-credentials.js";
import { channelSettings, type ChannelOptions, type ChannelSettings } from "./channel-options.js";
import { doForCalls } from "./call-work.js";
import type { ChannelCall } from "./channel-call.js";
import type { KeepaliveOptions } from "./client-connection.js";
import { ConnectivityState, StateWatches } from "./connectivity-state.js";
import { dnsNames } from "./dns-names.js";
import type { EndpointOptions } from "./endpoint.js";
import { fixedNames, joinedNames, resolvedNames, type AddressSource } from "./name-watch.js";
import { parseResolvedTarget, parseTarget, throughProxy, type Target } from "./target.js";

/** A remote endpoint that calls are made to: the part of grpc-js's Channel that concerns applications. */
export abstract class Channel {
  /** Calls made from now on fail with an Error, those that wait with UNAVAILABLE; those that run go on to their end. */
  abstract close(): void;
  /** The address, in gRPC's syntax. */
  abstract getTarget(): string;
  /** The state now; with `tryToConnect` an idle channel begins to connect, and is idle no more after that. */
  abstract getConnectivityState(tryToConnect: boolean): ConnectivityState;
  /** Calls back once when the state is no longer `currentState`, or with an error when the deadline has passed. */
  abstract watchConnectivityState(
    currentState: ConnectivityState,
    deadline: Date | number,
    callback: (error?: Error) => void,
  ): void;
}

/** Counters of a channel. */
export interface ChannelStats {
  /** Connections that are open. */
  connections: number;
  /** Calls that have a stream on one of them. */
  streamsOpen: number;
  /** Calls that wait for a connection. */
  callsWaiting: number;
  /** Calls that were begun. */
  callsStarted: number;
  /** Calls that ended with OK. */
  callsSucceeded: number;
  /** Calls that ended with an error, or were cancelled. */
  callsFailed: number;
}

/** A {@link Channel} over connections of our own. */
export class TransportChannel extends Channel implements BalancerListener {
  readonly settings: ChannelSettings;
  readonly secure: boolean;
  /** The value of `:authority`. */
  readonly authority: string;
  /** The bytes that calls may still keep of their requests, to send them again. */
  readonly keepBudget: KeepBudget;
  callsStarted = 0;
  callsSucceeded = 0;
  callsFailed = 0;
  readonly #name: string;
  readonly #balancer: Balancer;
  readonly #keepalive: KeepaliveOptions;
  readonly #waiting = new Set<ChannelCall>();
  readonly #watches = new StateWatches();
  /** Keeps the process alive while calls wait: nothing else may. */
  #waitTimer: NodeJS.Timeout | undefined;
  #idleTimer: NodeJS.Timeout | undefined;
  #closed = false;
  #serving = false;

  /** @param targets At least one. The first one's name is what certificates are checked for, and `:authority`. */
  constructor(
    targets: Target | readonly [Target, ...Target[]],
    credentials: ChannelCredentials,
    settings: ChannelSettings,
  ) {
    super();
    const all: readonly Target[] = Array.isArray(targets) ? targets : [targets as Target];
    const target = all[0]!;
    this.settings = settings;
    this.keepBudget = { leftBytes: settings.maxKeptBytesOfAll };
    this.secure = credentials._isSecure();
    this.authority = settings.authority ?? target.authority;
    this.#name = all.map(({ name }) => name).join(",");
    this.#keepalive = {
      timeMs: settings.keepaliveTimeMs,
      timeoutMs: settings.keepaliveTimeoutMs,
      withoutCalls: settings.keepaliveWithoutCalls,
    };
    const options: EndpointOptions = {
      connect: {
        credentials,
        hostname: settings.tlsNameOverride ?? target.hostname,
        timeoutMs: settings.connectTimeoutMs,
        connection: settings.connection,
        keepalive: this.#keepalive,
      },
      initialBackoffMs: settings.initialBackoffMs,
      maxBackoffMs: settings.maxBackoffMs,
      maxConnections: settings.maxConnections,
    };
    const sources = all.map((each) => addressSource(throughProxy(each, settings.proxyFor), settings));
    this.#balancer = new Balancer(joinedNames(sources), settings.balancing, options, this);
  }

  getTarget(): string {
    return this.#name;
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    clearInterval(this.#idleTimer);
    this.#balancer.close();
    this.onChange();
  }

  getConnectivityState(tryToConnect: boolean): ConnectivityState {
    if (this.#closed) return ConnectivityState.SHUTDOWN;
    const { state } = this.#balancer;
    if (tryToConnect && state === ConnectivityState.IDLE) this.#connect();
    return state;
  }

  watchConnectivityState(
    currentState: ConnectivityState,
    deadline: Date | number,
    callback: (error?: Error) => void,
  ): void {
    this.#watches.add(currentState, this.getConnectivityState(false), Number(deadline), callback);
  }

  /** The counts at this moment. */
  stats(): ChannelStats {
    const { connections } = this.#balancer;
    return {
      connections: connections.length,
      streamsOpen: connections.reduce((sum, { streams }) => sum + streams.size, 0),
      callsWaiting: this.#waiting.size,
      callsStarted: this.callsStarted,
      callsSucceeded: this.callsSucceeded,
      callsFailed: this.callsFailed,
    };
  }

  /** Gives a call a connection, now or later, or fails it if there is none. */
  start(call: ChannelCall): void {
    // Those that wait go first.
    const connection = this.#waiting.size === 0 && !this.#closed ? this.#balancer.pick() : undefined;
    if (connection !== undefined) {
      call.begin(connection);
      return;
    }
    if (this.#closed) {
      // In grpc-js's words: it is a mistake of the application, and not a status.
      call.cancel(new Error("Channel has been shut down"));
      return;
    }
    if (this.#refuse(call)) return;
    this.#waiting.add(call);
    this.#waitTimer ??= setInterval(() => {}, MAX_TIMER_MS);
    // While others are served, there may be room for it too.
    if (!this.#serving) this.#connect();
  }

  /** A call waits no more. */
  forget(call: ChannelCall): void {
    this.#waiting.delete(call);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#waitTimer);
    this.#waitTimer = undefined;
  }

  onChange(): void {
    this.#watches.changed(this.getConnectivityState(false));
    this.onRoom();
  }

  onRoom(): void {
    if (this.#waiting.size > 0 && !this.#serving) this.#serve();
  }

  onTooManyPings(): void {
    // gRPC A8: twice as long from now on, for the connections to come too.
    this.#keepalive.timeMs *= 2;
  }

  /** Gives those that wait what there is: the first ones at once, and the others in the next turns of the event loop. */
  #serve(): void {
    this.#serving = true;
    doForCalls(this.#serveEach());
  }

  *#serveEach(): Generator<undefined> {
    // Calls that begin, or fail, change what this looks at.
    try {
      for (const call of this.#waiting) {
        const connection = this.#closed ? undefined : this.#balancer.pick();
        if (connection !== undefined) {
          this.forget(call);
          call.begin(connection);
        } else if (this.getConnectivityState(false) < ConnectivityState.TRANSIENT_FAILURE) break;
        else this.#refuse(call);
        yield;
      }
    } finally {
      this.#serving = false;
    }
    if (this.#waiting.size > 0) this.#connect();
  }

  /** Fails a call for which there is no connection, and will be none for a while; false if it is to wait. */
  #refuse(call: ChannelCall): boolean {
    if (this.#closed) {
      call.fail(Status.UNAVAILABLE, "the channel is closed");
      return true;
    }
    if (call.waitForReady || this.#balancer.state !== ConnectivityState.TRANSIENT_FAILURE) return false;
    call.fail(Status.UNAVAILABLE, `No connection established. Last error: ${this.#balancer.error}`);
    return true;
  }

  #connect(): void {
    this.#idleTimer ??= this.#watchIdleness();
    this.#balancer.connect();
  }

  /** A channel without calls for its time, or at most twice that, closes its connections. */
  #watchIdleness(): NodeJS.Timeout {
    const { idleTimeoutMs } = this.settings;
    const closeIdle = () => this.#balancer.closeIdle(performance.now() - idleTimeoutMs);
    return setInterval(closeIdle, timerMs(idleTimeoutMs)).unref();
  }
}

const addressRule = required(either(text, listOf(text, "addresses")));

/**
 * Makes a channel. It connects when it is first used, and again whenever its connection is lost.
 *
 * @param address `host:port`, `http://host:port`, `https://host:port`, or a name in gRPC's syntax: `dns:///host:port`,
 *   `ipv4:…`, `ipv6:…`, `unix:path`, `unix-abstract:name`. Without a port it is 443 with TLS, and 80 without. Several addresses are
 *   those of one service: the first one's name is its name, for certificates too.
 * @param credentials Default: TLS for `https://`, otherwise clear text.
 * @throws {Error} if the address or an option is not right.
 */
export function createChannel(
  address: string | readonly string[],
  credentials?: ChannelCredentials,
  options: ChannelOptions = {},
): Channel {
  checkValue("createChannel", "the address", address, addressRule);
  const [first, ...others] = typeof address === "string" ? [address] : address;
  if (first === undefined) throw new TypeError("a channel needs an address");
  const security =
    credentials ??
    (/^https:\/\//i.test(first) ? ChannelCredentials.createSsl() : ChannelCredentials.createInsecure());
  if (!(security instanceof ChannelCredentials)) {
    throw new TypeError("credentials must be made by ChannelCredentials of @callwire/transport");
  }
  const settings = channelSettings(options);
  if (settings.resolver !== undefined && others.length > 0) {
    throw new TypeError("a resolver finds the addresses of one name, and several are given");
  }
  const read = (each: string) =>
    settings.resolver === undefined ? parseTarget(each, security._isSecure()) : parseResolvedTarget(each);
  return new TransportChannel([read(first), ...others.map(read)], security, settings);
}

function addressSource(
  { addresses, name, hostname, port }: Target,
  settings: ChannelSettings,
): AddressSource {
  if (addresses !== undefined) return fixedNames(addresses);
  if (settings.resolver !== undefined) {
    // The environment's proxy is for names that it resolves itself: what a registry names is reached from here.
    return resolvedNames(settings.resolver, name, settings.hasOwnProxy ? settings.proxyFor : () => undefined);
  }
  return dnsNames(hostname, port, {
    minIntervalMs: settings.minResolutionIntervalMs,
    intervalMs: settings.resolutionIntervalMs,
    timeoutMs: settings.connectTimeoutMs,
  });
}

/**
 * Waits until the channel is connected. There is no need to: calls wait by themselves.
 *
 * @throws {Error} if it is not by the deadline, or the channel is closed.
 */
export async function waitForChannelReady(channel: Channel, deadline: Date): Promise<void> {
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === ConnectivityState.READY) return;
    if (state === ConnectivityState.SHUTDOWN) throw new Error("The channel is closed");
    await new Promise<void>((resolve, reject) => {
      channel.watchConnectivityState(state, deadline, (error) => (error ? reject(error) : resolve()));
    });
  }
}

/** The counters of a channel, for a collector of metrics. */
export function channelStats(channel: Channel): ChannelStats {
  return transportChannel(channel).stats();
}

/** @throws {TypeError} if the channel is of another library. */
export function transportChannel(channel: Channel): TransportChannel {
  if (channel instanceof TransportChannel) return channel;
  throw new TypeError("the channel must be made by createChannel of @callwire/transport");
}
