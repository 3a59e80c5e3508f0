import type { ConnectionEnd } from "../http2/connection-life.js";
import { timerMs } from "../http2/timers.js";
import { Backoff } from "./backoff.js";
import type { Balancer, BalancerListener } from "./balancer.js";
import type { ClientConnection, ConnectionListener } from "./client-connection.js";
import { connect, type ConnectAttempt, type ConnectOptions } from "./connect.js";
import { ConnectivityState } from "./connectivity-state.js";
import type { SocketAddress } from "./target.js";

/** Options of an {@link Endpoint}. */
export interface EndpointOptions {
  connect: ConnectOptions;
  initialBackoffMs: number;
  maxBackoffMs: number;
  /** How many connections there may be. */
  maxConnections: number;
}

/**
 * A server behind one address or several, of which the first that answers is used: by itself it is gRPC's pick_first. It
 * holds a connection, and more of them while the server's limit of calls on each is reached.
 */
export class Endpoint implements Balancer, ConnectionListener {
  state: ConnectivityState = ConnectivityState.IDLE;
  error = "";
  connections: readonly ClientConnection[] = [];
  #attempt: ConnectAttempt | undefined;
  #attempting = false;
  #retryTimer: NodeJS.Timeout | undefined;
  readonly #backoff: Backoff;
  readonly #resolve: () => Promise<readonly SocketAddress[]>;
  readonly #options: EndpointOptions;
  readonly #listener: BalancerListener;

  /** @param resolve Asked for the addresses at each attempt to connect. */
  constructor(
    resolve: () => Promise<readonly SocketAddress[]>,
    options: EndpointOptions,
    listener: BalancerListener,
  ) {
    this.#resolve = resolve;
    this.#options = options;
    this.#listener = listener;
    this.#backoff = new Backoff(options.initialBackoffMs, options.maxBackoffMs);
  }

  pick(): ClientConnection | undefined {
    const { connections } = this;
    // The first one as long as it has room, so that the others fall idle when there is less to do.
    for (let i = 0; i < connections.length; i++) {
      if (connections[i]!.hasRoom) return connections[i];
    }
    return undefined;
  }

  connect(): void {
    if (this.#attempting || this.#retryTimer !== undefined || this.state === ConnectivityState.SHUTDOWN)
      return;
    if (this.connections.length >= this.#options.maxConnections) return;
    this.#attempting = true;
    if (this.connections.length === 0) this.#become(ConnectivityState.CONNECTING);
    void this.#open();
  }

  closeIdle(idleSince: number): void {
    for (const connection of this.connections) {
      if (connection.streams.size === 0 && connection.idleSince <= idleSince) connection.shutDown();
    }
  }

  close(): void {
    clearTimeout(this.#retryTimer);
    this.#attempt?.cancel();
    this.state = ConnectivityState.SHUTDOWN;
    for (const connection of this.connections) connection.shutDown();
  }

  onReady(): void {}

  onRoom(): void {
    this.#listener.onRoom();
  }

  onGoingAway(connection: ClientConnection, tooManyPings: boolean): void {
    if (tooManyPings) this.#listener.onTooManyPings();
    this.#remove(connection);
  }

  onEnded(connection: ClientConnection, end: ConnectionEnd): void {
    this.error = end.message;
    this.#remove(connection);
  }

  async #open(): Promise<void> {
    const startedAt = performance.now();
    try {
      const addresses = await this.#resolve();
      if (this.state === ConnectivityState.SHUTDOWN) return;
      this.#attempt = connect(addresses, this.#options.connect, this);
      const connection = await this.#attempt.connection;
      if (connection.end !== undefined) throw new Error(connection.end.message);
      this.#attempting = false;
      this.#backoff.reset();
      this.#add(connection);
    } catch (error) {
      this.#attempting = false;
      this.#failed(error as Error, startedAt);
    } finally {
      this.#attempt = undefined;
    }
  }

  #add(connection: ClientConnection): void {
    if (this.state === ConnectivityState.SHUTDOWN || connection.isGoingAway) {
      connection.shutDown();
      if (this.connections.length === 0) this.#become(ConnectivityState.IDLE);
      return;
    }
    this.connections = [...this.connections, connection];
    this.#become(ConnectivityState.READY);
  }

  /** The wait counts from the beginning of the attempt (gRPC, "Connection Backoff"). */
  #failed(error: Error, startedAt: number): void {
    if (this.state === ConnectivityState.SHUTDOWN) return;
    this.error = error.message;
    const wait = Math.max(this.#backoff.next() - (performance.now() - startedAt), 0);
    this.#retryTimer = setTimeout(() => {
      this.#retryTimer = undefined;
      // The next call tries again, or one that waits.
      this.#become(this.connections.length > 0 ? ConnectivityState.READY : ConnectivityState.IDLE);
    }, timerMs(wait));
    this.#retryTimer.unref();
    if (this.connections.length === 0) this.#become(ConnectivityState.TRANSIENT_FAILURE);
  }

  #remove(connection: ClientConnection): void {
    if (!this.connections.includes(connection)) return;
    this.connections = this.connections.filter((each) => each !== connection);
    if (this.connections.length > 0 || this.state === ConnectivityState.SHUTDOWN) return;
    if (this.#attempting) this.#become(ConnectivityState.CONNECTING);
    else if (this.#retryTimer !== undefined) this.#become(ConnectivityState.TRANSIENT_FAILURE);
    else this.#become(ConnectivityState.IDLE);
  }

  #become(state: ConnectivityState): void {
    if (this.state !== ConnectivityState.SHUTDOWN) this.state = state;
    this.#listener.onChange();
  }
}
