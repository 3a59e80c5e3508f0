import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { timerMs } from "../http2/timers.js";

/** A connection whose TLS handshake has begun. */
interface Handshake {
  socket: Socket;
  acceptedAt: number;
  timer: NodeJS.Timeout;
}

/**
 * The TLS handshakes under way. node:tls counts its own time-out, but leaves the connection open when it has passed, and
 * begins anew for each step. Ours is counted from the accept, and what it leaves is for the client's preface.
 */
export class Handshakes {
  readonly #timeoutMs: number;
  readonly #running = new Map<string, Handshake>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** A connection was accepted. */
  begin(socket: Socket): void {
    const key = keyOf(socket);
    const timer = setTimeout(() => socket.destroy(), timerMs(this.#timeoutMs)).unref();
    const handshake = { socket, acceptedAt: performance.now(), timer };
    this.#running.set(key, handshake);
    socket.once("close", () => {
      clearTimeout(timer);
      if (this.#running.get(key) === handshake) this.#running.delete(key);
    });
  }

  /** The handshake is complete; returns when its connection was accepted, by the clock of `performance.now()`. */
  end(socket: TLSSocket): number {
    // node:tls does not say whose TLS it is: the other end's address does.
    const handshake = this.#running.get(keyOf(socket));
    if (handshake === undefined) return performance.now();
    clearTimeout(handshake.timer);
    this.#running.delete(keyOf(socket));
    return handshake.acceptedAt;
  }

  /** Cuts off those that are under way. */
  close(): void {
    for (const { socket } of this.#running.values()) socket.destroy();
  }
}

function keyOf({ remoteAddress, remotePort }: Socket): string {
  return `${remoteAddress} ${remotePort}`;
}
