import { shuffled } from "./address-order.js";
import { Backoff } from "./backoff.js";
import type { ClientConnection } from "./client-connection.js";
import { ConnectivityState } from "./connectivity-state.js";
import { Endpoint, type EndpointListener, type EndpointOptions } from "./endpoint.js";
import { NameWatch, type AddressSource } from "./name-watch.js";
import { formatAddress, type SocketAddress } from "./target.js";

/** Hears of a {@link Balancer}. */
export interface BalancerListener {
  /** Its state may have changed. */
  onChange(): void;
  /** A connection may have room for another call. */
  onRoom(): void;
  /** The server wants fewer PINGs (gRPC A8). */
  onTooManyPings(): void;
}

/**
 * The way in which calls find their server (gRPC, "Load Balancing Policies"): `pick_first` uses the first address that answers, and
 * `pick_first_shuffled` does so in an order of chance (gRPC A62); `round_robin` gives each address its turn.
 */
export type BalancingPolicy = "pick_first" | "pick_first_shuffled" | "round_robin";

/** Finds a channel's calls their connections, among the addresses of a name. */
export class Balancer implements EndpointListener {
  /** With `round_robin` one for each address, by its name, and else one for all. */
  #endpoints = new Map<string, Endpoint>();
  #turns: readonly Endpoint[] = [];
  #next = 0;
  #closed = false;
  readonly #watch: NameWatch;
  readonly #policy: BalancingPolicy;
  readonly #options: EndpointOptions;
  readonly #listener: BalancerListener;

  constructor(
    source: AddressSource,
    policy: BalancingPolicy,
    options: EndpointOptions,
    listener: BalancerListener,
  ) {
    this.#policy = policy;
    this.#options = options;
    this.#listener = listener;
    this.#watch = new NameWatch(
      source,
      new Backoff(options.initialBackoffMs, options.maxBackoffMs),
      options.connect.timeoutMs,
      (addresses) => this.#use(addresses),
      () => this.onChange(),
    );
  }

  /** READY if one endpoint is, else CONNECTING if one is, else failed if one has; without any, that of the name. */
  get state(): ConnectivityState {
    if (this.#closed) return ConnectivityState.SHUTDOWN;
    if (this.#turns.length === 0) return this.#nameState();
    const states = new Set(this.#turns.map((endpoint) => endpoint.state));
    if (states.has(ConnectivityState.READY)) return ConnectivityState.READY;
    if (states.has(ConnectivityState.CONNECTING)) return ConnectivityState.CONNECTING;
    if (states.has(ConnectivityState.TRANSIENT_FAILURE)) return ConnectivityState.TRANSIENT_FAILURE;
    return ConnectivityState.IDLE;
  }

  /** Why there is no connection. */
  get error(): string {
    const failed = this.#turns.find((endpoint) => endpoint.state === ConnectivityState.TRANSIENT_FAILURE);
    return failed?.error ?? this.#watch.error;
  }

  get connections(): readonly ClientConnection[] {
    return this.#turns.flatMap((endpoint) => endpoint.connections);
  }

  /** A connection that has room for a call, if there is one. */
  pick(): ClientConnection | undefined {
    const turns = this.#turns;
    for (let tried = 0; tried < turns.length; tried++) {
      const endpoint = turns[this.#next]!;
      this.#next = this.#next + 1 < turns.length ? this.#next + 1 : 0;
      const connection = endpoint.pick();
      if (connection !== undefined) return connection;
      // One that was lost comes back when there are calls for it.
      if (endpoint.state === ConnectivityState.IDLE) endpoint.connect();
    }
    return undefined;
  }

  /** Somebody waits for a connection: begins to open one, unless that is under way or must wait. */
  connect(): void {
    if (this.#closed) return;
    if (this.#turns.length === 0) this.#watch.want();
    else for (const endpoint of this.#turns) endpoint.connect();
  }

  /** Closes the connections without calls since then. If no other is left, the name is not watched any more. */
  closeIdle(idleSince: number): void {
    let idle = true;
    for (const endpoint of this.#turns) idle = endpoint.closeIdle(idleSince) && idle;
    if (!idle || this.#watch.state !== "resolved") return;
    this.#watch.stop();
    this.#use([]);
  }

  /** Closes the connections as their calls end, and opens no more. */
  close(): void {
    this.#closed = true;
    this.#watch.stop();
    for (const endpoint of this.#turns) endpoint.close();
  }

  onChange(): void {
    if (!this.#closed) this.#listener.onChange();
  }

  onLost(): void {
    if (!this.#closed) this.#watch.refresh();
  }

  onRoom(): void {
    this.#listener.onRoom();
  }

  onTooManyPings(): void {
    this.#listener.onTooManyPings();
  }

  #nameState(): ConnectivityState {
    switch (this.#watch.state) {
      case "failed":
        return ConnectivityState.TRANSIENT_FAILURE;
      case "idle":
        return ConnectivityState.IDLE;
      case "resolving":
      case "resolved":
        return ConnectivityState.CONNECTING;
    }
  }

  #use(addresses: readonly SocketAddress[]): void {
    const before = this.#endpoints;
    this.#endpoints = new Map();
    for (const [name, group] of this.#groups(addresses)) {
      let endpoint = before.get(name);
      if (endpoint === undefined) endpoint = new Endpoint(group, this.#options, this);
      else endpoint.update(group);
      before.delete(name);
      this.#endpoints.set(name, endpoint);
    }
    this.#turns = [...this.#endpoints.values()];
    this.#next = 0;
    for (const gone of before.values()) gone.close();
    for (const endpoint of this.#turns) if (endpoint.state === ConnectivityState.IDLE) endpoint.connect();
    this.onChange();
  }

  #groups(addresses: readonly SocketAddress[]): (readonly [string, readonly SocketAddress[]])[] {
    if (addresses.length === 0) return [];
    switch (this.#policy) {
      case "round_robin":
        return addresses.map((address) => [formatAddress(address), [address]] as const);
      case "pick_first_shuffled":
        return [["", shuffled(addresses)]];
      case "pick_first":
        return [["", addresses]];
    }
  }
}
