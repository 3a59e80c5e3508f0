import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { timerMs } from "../http2/timers.js";
import { turnWork } from "../http2/turn-work.js";

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
  /** By the socket that was accepted, and by the other end's address if it has one. */
  readonly #running = new Map<unknown, Handshake>();

  constructor(timeoutMs: number) {
    this.#timeoutMs = timeoutMs;
  }

  /** A connection was accepted. */
  begin(socket: Socket): void {
    const timer = setTimeout(() => socket.destroy(), timerMs(this.#timeoutMs)).unref();
    const handshake = { socket, acceptedAt: performance.now(), timer };
    const keys = [socket, addressOf(socket)].filter((key) => key !== undefined);
    for (const key of keys) this.#running.set(key, handshake);
    socket.once("close", () => {
      clearTimeout(timer);
      for (const key of keys) if (this.#running.get(key) === handshake) this.#running.delete(key);
    });
  }

  /** The handshake is complete; returns when its connection was accepted, by the clock of `performance.now()`. */
  end(socket: TLSSocket): number {
    // No documented property says whose TLS it is. Node.js and Deno have this one; elsewhere the address tells, which sockets of a path
    // have not.
    const { _parent: accepted } = socket as { _parent?: Socket };
    const handshake = this.#running.get(accepted) ?? this.#running.get(addressOf(socket));
    if (handshake === undefined) return performance.now();
    clearTimeout(handshake.timer);
    this.#running.delete(handshake.socket);
    this.#running.delete(addressOf(socket));
    return handshake.acceptedAt;
  }

  /** Cuts off those that are under way. */
  close(): void {
    void turnWork.each(this.#running.values(), ({ socket }) => socket.destroy());
  }
}

function addressOf({ remoteAddress, remotePort }: Socket): string | undefined {
  return remoteAddress === undefined ? undefined : `${remoteAddress} ${remotePort}`;
}
