import { ErrorCode } from "./errors.js";

/** The payload of keepalive's PINGs; that its answer comes counts as anything does that is read. */
const PAYLOAD = Buffer.from("cw-alive", "latin1");

/** When a connection asks whether its peer is alive (gRPC, "Keepalive"). */
export interface KeepaliveTimes {
  /** The silence after which a PING goes out, in milliseconds; `Infinity` for no PINGs. */
  timeMs: number;
  /** The further silence after which the connection is given up, in milliseconds. */
  timeoutMs: number;
}

/** A connection, as its keepalive uses it. */
export interface KeepaliveConnection {
  /** When something was read last, by the clock of `performance.now()`. */
  readonly lastReadAt: number;
  readonly sender: { ping(payload: Uint8Array, ack: boolean): void };
  destroy(code: ErrorCode, message: string): void;
}

/** Asks a silent peer whether it is alive, and gives the connection up if it stays silent; of either side. */
export class Keepalive {
  readonly #connection: KeepaliveConnection;
  readonly #times: KeepaliveTimes;
  /** When the PING went out that nothing has followed; 0 if there is none. */
  #pingSentAt = 0;

  constructor(connection: KeepaliveConnection, times: KeepaliveTimes) {
    this.#connection = connection;
    this.#times = times;
  }

  /** True if a PING waits for its answer, as far as {@link check} has seen. */
  get isWaiting(): boolean {
    return this.#pingSentAt > 0;
  }

  /** Does what is due at `now`; returns when something may be due again, by the same clock: `Infinity` for never. */
  check(now: number): number {
    const { lastReadAt } = this.#connection;
    const { timeMs, timeoutMs } = this.#times;
    if (lastReadAt >= this.#pingSentAt) this.#pingSentAt = 0;
    if (this.#pingSentAt === 0) {
      const due = lastReadAt + timeMs;
      if (now < due) return due;
      this.#pingSentAt = now;
      this.#connection.sender.ping(PAYLOAD, false);
      return now + Math.min(timeMs, timeoutMs);
    }
    const due = this.#pingSentAt + timeoutMs;
    // An answer is seen at the next look: the next PING is not to wait for the end of the timeout.
    if (now < due) return Math.min(due, now + timeMs);
    this.#connection.destroy(ErrorCode.NO_ERROR, `no answer to a keepalive PING within ${timeoutMs} ms`);
    return Infinity;
  }
}

/** True if a PING's answer is keepalive's. */
export function isKeepaliveAnswer(payload: Buffer): boolean {
  return payload.equals(PAYLOAD);
}
