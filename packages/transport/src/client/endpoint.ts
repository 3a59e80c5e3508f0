import { timerMs } from "../http2/timers.js";
import { Backoff } from "./backoff.js";
import type { ClientConnection, ConnectionListener } from "./client-connection.js";
import { connect, type ConnectAttempt, type ConnectOptions } from "./connect.js";
import { ConnectivityState } from "./connectivity-state.js";
import { formatAddress, type SocketAddress } from "./target.js";

/** The time after which a connection was of use, also without calls, in milliseconds. */
const USEFUL_AFTER_MS = 10_000;

/** Options of an {@link Endpoint}. */
export interface EndpointOptions {
  connect: ConnectOptions;
  initialBackoffMs: number;
  maxBackoffMs: number;
  /** The number of connections that there may be. */
  maxConnections: number;
}

/** Hears of an {@link Endpoint}. */
export interface EndpointListener {
  /** Its state may have changed. */
  onChange(): void;
  /** A connection was lost, or could not be made: its addresses may be others now. */
  onLost(): void;
  /** A connection may have room for another call. */
  onRoom(): void;
  /** The server wants fewer PINGs (gRPC A8). */
  onTooManyPings(): void;
}

/**
 * A server behind one address or several, of which the first that answers is used: by itself it is gRPC's pick_first. It
 * holds a connection, and more of them while the server's limit of calls on each is reached.
 */
export class Endpoint implements ConnectionListener {
  state: ConnectivityState = ConnectivityState.IDLE;
  /** Why the last attempt to connect failed, or the last connection ended. */
  error = "";
  connections: readonly ClientConnection[] = [];
  #addresses: readonly SocketAddress[];
  /** Those of the connections whose address is no longer one of ours: they serve until another one is there. */
  readonly #leaving = new Set<ClientConnection>();
  #attempt: ConnectAttempt | undefined;
  #attempting = false;
  /** When the last attempt began, by the clock of `performance.now()`. */
  #startedAt = 0;
  #retryTimer: NodeJS.Timeout | undefined;
  /** The number of connections in a row that ended at once, without a response. */
  #wasted = 0;
  readonly #backoff: Backoff;
  readonly #options: EndpointOptions;
  readonly #listener: EndpointListener;

  /** @param addresses At least one. */
  constructor(addresses: readonly SocketAddress[], options: EndpointOptions, listener: EndpointListener) {
    this.#addresses = addresses;
    this.#options = options;
    this.#listener = listener;
    this.#backoff = new Backoff(options.initialBackoffMs, options.maxBackoffMs);
  }

  /** A connection that has room for a call, if there is one. */
  pick(): ClientConnection | undefined {
    const { connections } = this;
    // The first one as long as it has room, so that the others fall idle when there is less to do.
    for (let i = 0; i < connections.length; i++) {
      if (connections[i]!.hasRoom) return connections[i];
    }
    return undefined;
  }

  /** Somebody waits for a connection: begins to open one, unless that is under way or must wait. */
  connect(): void {
    if (this.#attempting || this.#retryTimer !== undefined || this.state === ConnectivityState.SHUTDOWN)
      return;
    if (this.connections.length - this.#leaving.size >= this.#options.maxConnections) return;
    this.#attempting = true;
    if (this.connections.length === 0) this.#become(ConnectivityState.CONNECTING);
    void this.#open();
  }

  /** Its addresses are others now: at least one. Connections to those that left are drained when there is one to use instead. */
  update(addresses: readonly SocketAddress[]): void {
    const before = new Set(this.#addresses.map(formatAddress));
    const names = new Set(addresses.map(formatAddress));
    this.#addresses = addresses;
    this.#attempt?.update(addresses);
    if (this.#retryTimer !== undefined && addresses.some((address) => !before.has(formatAddress(address))))
      this.#shortenWait();
    for (const connection of this.connections) {
      if (names.has(connection.peer)) this.#leaving.delete(connection);
      else this.#leaving.add(connection);
    }
    if (this.#leaving.size === 0) return;
    if (this.#leaving.size < this.connections.length) this.#drainLeaving();
    else this.connect();
  }

  /** Closes the connections without calls since then. False if there are others, or one is wanted. */
  closeIdle(idleSince: number): boolean {
    let idle = !this.#attempting && this.#retryTimer === undefined;
    for (const connection of this.connections) {
      if (connection.streams.size === 0 && connection.idleSince <= idleSince) connection.shutDown();
      else idle = false;
    }
    return idle;
  }

  /** Closes the connections as their calls end, and opens no more. */
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

  onEnded(connection: ClientConnection): void {
    // One that was let go before is no reason why there is none now.
    if (this.connections.includes(connection)) this.error = connection.endReason;
    this.#remove(connection);
  }

  async #open(): Promise<void> {
    this.#startedAt = performance.now();
    try {
      this.#attempt = connect(this.#addresses, this.#options.connect, this);
      const connection = await this.#attempt.connection;
      if (connection.end !== undefined) throw new Error(connection.endReason);
      this.#attempting = false;
      if (this.#wasted === 0) this.#backoff.reset();
      this.#add(connection);
    } catch (error) {
      this.#attempting = false;
      this.#failed(error as Error);
    } finally {
      this.#attempt = undefined;
    }
  }

  #add(connection: ClientConnection): void {
    if (this.state === ConnectivityState.SHUTDOWN || connection.isGoingAway) {
      connection.shutDown();
      if (this.state === ConnectivityState.SHUTDOWN) return;
      this.#rest(connection);
      this.#listener.onLost();
      return;
    }
    this.connections = [...this.connections, connection];
    this.#drainLeaving();
    this.#become(ConnectivityState.READY);
  }

  /** The wait counts from the beginning of the attempt (gRPC, "Connection Backoff"). */
  #failed(error: Error): void {
    if (this.state === ConnectivityState.SHUTDOWN) return;
    this.error = error.message;
    this.#waitUntil(this.#startedAt + this.#backoff.next());
    if (this.connections.length === 0) this.#become(ConnectivityState.TRANSIENT_FAILURE);
    this.#listener.onLost();
  }

  #waitUntil(time: number): void {
    clearTimeout(this.#retryTimer);
    this.#retryTimer = setTimeout(
      () => {
        this.#retryTimer = undefined;
        // The next call tries again, or one that waits.
        this.#become(this.connections.length > 0 ? ConnectivityState.READY : ConnectivityState.IDLE);
        if (this.#leaving.size > 0) this.connect();
      },
      timerMs(Math.max(time - performance.now(), 0)),
    ).unref();
  }

  /**
   * New addresses need not wait for what the old ones have done, only for the first wait: a name whose addresses never stop
   * changing would otherwise be tried all the time.
   */
  #shortenWait(): void {
    this.#waitUntil(this.#startedAt + this.#options.initialBackoffMs);
  }

  #drainLeaving(): void {
    if (this.#leaving.size === 0) return;
    this.connections = this.connections.filter((connection) => !this.#leaving.has(connection));
    for (const connection of this.#leaving) connection.shutDown();
    this.#leaving.clear();
  }

  #remove(connection: ClientConnection): void {
    if (!this.connections.includes(connection)) return;
    this.connections = this.connections.filter((each) => each !== connection);
    this.#leaving.delete(connection);
    if (this.state === ConnectivityState.SHUTDOWN) return;
    this.#rest(connection);
    this.#listener.onLost();
  }

  /**
   * A connection has ended. A server that ends each one at once is asked again after the backoff of connecting, but for the
   * first time: it may be one that restarts.
   */
  #rest(ended: ClientConnection): void {
    const livedMs = performance.now() - this.#startedAt;
    if (ended.hasServed || livedMs >= USEFUL_AFTER_MS) {
      if (this.#wasted > 0) this.#backoff.reset();
      this.#wasted = 0;
    } else if (++this.#wasted > 1 && this.#retryTimer === undefined && !this.#attempting) {
      this.error = ended.endReason;
      this.#waitUntil(this.#startedAt + this.#backoff.next());
    }
    if (this.connections.length > 0) return;
    if (this.#attempting) this.#become(ConnectivityState.CONNECTING);
    else if (this.#retryTimer !== undefined) this.#become(ConnectivityState.TRANSIENT_FAILURE);
    else this.#become(ConnectivityState.IDLE);
  }

  #become(state: ConnectivityState): void {
    if (this.state !== ConnectivityState.SHUTDOWN) this.state = state;
    this.#listener.onChange();
  }
}
