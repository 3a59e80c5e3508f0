import { Status } from "nice-grpc-common";
import type { WebSocket } from "ws";
import { reasonsOf } from "../errors/status-json.js";
import type { WaitLimits } from "../http/held-bytes.js";
import { boundWait } from "../internal/bounded-wait.js";
import { errorLine, type OutgoingError } from "../serve/answer.js";

/** RFC 6455, section 7.4.1. */
const NORMAL_CLOSURE = 1000;
/** The server stops: a client may come back, to another one or to its successor. */
const GOING_AWAY = 1001;
/** The code of a call that failed: this, and its gRPC code. 4000 to 4999 belong to applications (section 7.4.2). */
const FAILED = 4000;
/** The most bytes of a reason: a control frame has 125, and the code takes two (section 5.5). */
const MAX_REASON_BYTES = 123;
/** Above it, a message waits until the client has taken what is before it, in bytes. */
const HIGH_WATER_BYTES = 64 * 1024;

/** Sends the answer to a call over a socket. */
export class SocketAnswer {
  readonly #socket: WebSocket;
  readonly #limits: WaitLimits;
  readonly #closed: Promise<void>;

  /** @param limits Of what was sent to the client, until it has taken that. */
  constructor(socket: WebSocket, limits: WaitLimits) {
    this.#socket = socket;
    this.#limits = limits;
    this.#closed = new Promise((resolve) => socket.once("close", () => resolve()));
  }

  /** Sends a message; a promise if the client must take some of what was sent first. */
  send(data: string | Uint8Array): Promise<void> | undefined {
    const socket = this.#socket;
    // It is going, and the call ends with it: a handler that has always more must wait for that.
    if (socket.readyState !== socket.OPEN) return this.#closed;
    if (socket.bufferedAmount < HIGH_WATER_BYTES) {
      socket.send(data);
      return undefined;
    }
    return new Promise((resolve) => {
      socket.send(data, () => {
        end();
        resolve();
      });
      const end = boundWait(socket.bufferedAmount, this.#limits, () => socket.terminate());
    });
  }

  /** Ends the call that went well. */
  end(): void {
    this.#socket.close(NORMAL_CLOSURE);
  }

  /** Ends one that failed: the error is the last message, whose form is that of a stream's last line. */
  fail(outgoing: OutgoingError): void {
    const { code, details } = outgoing.error;
    const isStop = reasonsOf(outgoing.json).includes("SERVER_STOPPING");
    void this.send(errorLine(outgoing));
    this.#socket.close(isStop ? GOING_AWAY : FAILED + code, reasonOf(`${Status[code]}: ${details}`));
  }
}

/** A text that fits, with whole characters. */
function reasonOf(text: string): string {
  const bytes = new Uint8Array(MAX_REASON_BYTES);
  const { read } = new TextEncoder().encodeInto(text, bytes);
  return text.slice(0, read);
}
