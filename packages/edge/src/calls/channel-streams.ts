import { unavailable } from "@callwire/server-kit";
import { turnWork } from "@callwire/transport/client";
import type { ServerError } from "nice-grpc-common";

/** A stream that can be ended from outside. */
export interface EndableStream {
  /** Ends it with an error. */
  cut(error: ServerError): void;
}

/** The streams of responses that run over a channel. They end when the program stops, as those of a server in the same process do. */
export class ChannelStreams {
  readonly #running = new Set<EndableStream>();
  #isOver = false;

  /** @throws {ServerError} if no more are taken. */
  add(stream: EndableStream): void {
    if (this.#isOver) throw serverStopping();
    this.#running.add(stream);
  }

  delete(stream: EndableStream): void {
    this.#running.delete(stream);
  }

  /** Ends all, and takes no more. */
  end(): void {
    this.#isOver = true;
    void turnWork.each(this.#running, (stream) => stream.cut(serverStopping()));
  }
}

/** The same as a server of the server-kit says. */
function serverStopping(): ServerError {
  return unavailable({
    message: "the server is stopping; come back to another, or to its successor",
    reason: "SERVER_STOPPING",
    retryAfterMs: 0,
  });
}
