import { timerMs } from "../http2/timers.js";
import { Backoff } from "./backoff.js";
import type { Balancer, BalancerListener } from "./balancer.js";
import type { ClientConnection } from "./client-connection.js";
import { ConnectivityState } from "./connectivity-state.js";
import { Endpoint, type EndpointOptions } from "./endpoint.js";
import { formatAddress, type SocketAddress } from "./target.js";

/**
 * Gives each address of a name its turn (gRPC, "Load Balancing Policies"). The name is resolved again when one of its
 * addresses fails.
 */
export class RoundRobin implements Balancer, BalancerListener {
  error = "";
  #endpoints = new Map<string, Endpoint>();
  #turns: readonly Endpoint[] = [];
  #next = 0;
  #resolving = false;
  #closed = false;
  #resolvedAt = -Infinity;
  #retryTimer: NodeJS.Timeout | undefined;
  readonly #backoff: Backoff;
  readonly #resolve: () => Promise<readonly SocketAddress[]>;
  readonly #minIntervalMs: number;
  readonly #options: EndpointOptions;
  readonly #listener: BalancerListener;

  /** @param minIntervalMs How long to wait between two resolutions, in milliseconds. */
  constructor(
    resolve: () => Promise<readonly SocketAddress[]>,
    minIntervalMs: number,
    options: EndpointOptions,
    listener: BalancerListener,
  ) {
    this.#resolve = resolve;
    this.#minIntervalMs = minIntervalMs;
    this.#options = options;
    this.#listener = listener;
    this.#backoff = new Backoff(options.initialBackoffMs, options.maxBackoffMs);
  }

  /** READY if one is, else CONNECTING if one is, else IDLE if one is, else it has failed. */
  get state(): ConnectivityState {
    if (this.#closed) return ConnectivityState.SHUTDOWN;
    const states = new Set(this.#turns.map((endpoint) => endpoint.state));
    if (states.has(ConnectivityState.READY)) return ConnectivityState.READY;
    if (states.has(ConnectivityState.CONNECTING) || (this.#resolving && states.size === 0)) {
      return ConnectivityState.CONNECTING;
    }
    if (states.has(ConnectivityState.TRANSIENT_FAILURE) || this.#retryTimer !== undefined) {
      return ConnectivityState.TRANSIENT_FAILURE;
    }
    return ConnectivityState.IDLE;
  }

  get connections(): readonly ClientConnection[] {
    return this.#turns.flatMap((endpoint) => endpoint.connections);
  }

  pick(): ClientConnection | undefined {
    const turns = this.#turns;
    for (let tried = 0; tried < turns.length; tried++) {
      const endpoint = turns[this.#next++ % turns.length]!;
      const connection = endpoint.pick();
      if (connection !== undefined) return connection;
      // One that was lost comes back when there are calls for it.
      if (endpoint.state === ConnectivityState.IDLE) endpoint.connect();
    }
    return undefined;
  }

  connect(): void {
    if (this.#turns.length === 0) this.#update();
    else for (const endpoint of this.#turns) endpoint.connect();
  }

  closeIdle(idleSince: number): void {
    for (const endpoint of this.#turns) endpoint.closeIdle(idleSince);
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#retryTimer);
    for (const endpoint of this.#turns) endpoint.close();
  }

  onChange(): void {
    const failed = this.#turns.find((endpoint) => endpoint.state === ConnectivityState.TRANSIENT_FAILURE);
    if (failed !== undefined) {
      this.error = failed.error;
      if (performance.now() - this.#resolvedAt >= this.#minIntervalMs) this.#update();
    }
    this.#listener.onChange();
  }

  onRoom(): void {
    this.#listener.onRoom();
  }

  onTooManyPings(): void {
    this.#listener.onTooManyPings();
  }

  #update(): void {
    if (this.#resolving || this.#retryTimer !== undefined || this.#closed) return;
    this.#resolving = true;
    this.#resolvedAt = performance.now();
    this.#resolve().then(
      (addresses) => {
        this.#resolving = false;
        if (!this.#closed) this.#use(addresses);
      },
      (error: Error) => {
        this.#resolving = false;
        this.error = error.message;
        if (this.#closed) return;
        this.#retryTimer = setTimeout(() => {
          this.#retryTimer = undefined;
          this.#listener.onChange();
        }, timerMs(this.#backoff.next())).unref();
        this.#listener.onChange();
      },
    );
  }

  #use(addresses: readonly SocketAddress[]): void {
    this.#backoff.reset();
    const before = this.#endpoints;
    this.#endpoints = new Map();
    for (const address of addresses) {
      const name = formatAddress(address);
      const endpoint = before.get(name) ?? new Endpoint(async () => [address], this.#options, this);
      before.delete(name);
      this.#endpoints.set(name, endpoint);
    }
    this.#turns = [...this.#endpoints.values()];
    for (const gone of before.values()) gone.close();
    for (const endpoint of this.#turns) if (endpoint.state === ConnectivityState.IDLE) endpoint.connect();
    this.#listener.onChange();
  }
}
