import { MAX_31_BITS } from "./constants.js";
import { ErrorCode } from "./errors.js";
import type { Sender } from "./sender.js";
import type { StreamIds } from "./stream-ids.js";
import { timerMs } from "./timers.js";

/** The data of the PING behind the first GOAWAY, by which its answer is known. */
const PAYLOAD = Buffer.from("cw-drain", "latin1");

/** The part of a connection that {@link Drain} needs. */
export interface DrainedConnection {
  readonly sender: Pick<Sender, "goAway" | "ping">;
  readonly options: { readonly handshakeTimeoutMs: number };
}

/**
 * Takes leave of a peer: a GOAWAY that announces it, a PING, and when the PING is answered the GOAWAY that names the last
 * stream (RFC 9113, section 6.8). Whatever the peer sent before it knew has come by then.
 */
export class Drain {
  readonly #connection: DrainedConnection;
  readonly #ids: StreamIds;
  readonly #onFinal: () => void;
  #state: "no" | "announced" | "final" = "no";
  #timer: NodeJS.Timeout | undefined;

  /** @param onFinal The last GOAWAY was sent: the peer's new streams are refused from now on. */
  constructor(connection: DrainedConnection, ids: StreamIds, onFinal: () => void) {
    this.#connection = connection;
    this.#ids = ids;
    this.#onFinal = onFinal;
  }

  get hasBegun(): boolean {
    return this.#state !== "no";
  }

  /** True if new streams of the peer are past the final GOAWAY. */
  get isFinal(): boolean {
    return this.#state === "final";
  }

  begin(debugData: string): void {
    if (this.#state !== "no") return;
    this.#state = "announced";
    const { sender, options } = this.#connection;
    sender.goAway(MAX_31_BITS, ErrorCode.NO_ERROR, debugData);
    sender.ping(PAYLOAD, false);
    // A peer that does not answer has had time enough to read the GOAWAY.
    this.#timer = setTimeout(() => this.conclude(), timerMs(options.handshakeTimeoutMs)).unref();
  }

  /** Takes the answer to the PING, once; false if it is not awaited. */
  takeAnswer(payload: Buffer): boolean {
    if (this.#state !== "announced" || !payload.equals(PAYLOAD)) return false;
    this.conclude();
    return true;
  }

  /** Takes leave at once: the peer sends no more, or has answered. */
  conclude(): void {
    clearTimeout(this.#timer);
    if (this.#state !== "final") this.#connection.sender.goAway(this.#ids.last, ErrorCode.NO_ERROR, "");
    this.#state = "final";
    this.#onFinal();
  }

  /** The connection is over. */
  close(): void {
    clearTimeout(this.#timer);
  }
}
