import {
  createClient,
  methodsOf,
  Metadata,
  type CallOptions,
  type Channel,
  type CompatServiceDefinition,
  peerError,
} from "@callwire/transport/client";
import { ClientError, ServerError, Status } from "nice-grpc-common";
import { reportFault } from "../internal/report-fault.js";
import type { ChannelStreams, EndableStream } from "./channel-streams.js";
import type { CallArrival, EdgeCall, EdgeMethod } from "./edge-method.js";

type AnyClient = Record<
  string,
  (request: unknown, options: CallOptions) => Promise<unknown> & AsyncIterable<unknown>
>;

/** The methods of services that are served at the other end of a channel. @param streams Those that run. */
export function channelMethods(
  channel: Channel,
  services: readonly CompatServiceDefinition[],
  streams: ChannelStreams,
): EdgeMethod[] {
  return services.flatMap((service) => {
    const client = createClient(service, channel) as unknown as AnyClient;
    const { methods } = service as { methods?: Record<string, object> };
    return methodsOf(service).map(({ name, descriptor }) => ({
      descriptor,
      definition: methods?.[name] ?? (service as Record<string, object>)[name]!,
      open: (arrival) => new ChannelCall(client[name]!, arrival, streams),
    }));
  });
}

/** A call over a channel. */
class ChannelCall implements EdgeCall, EndableStream {
  header: Metadata = Metadata();
  trailer: Metadata = Metadata();
  readonly #method: AnyClient[string];
  readonly #options: CallOptions;
  readonly #controller = new AbortController();
  readonly #streams: ChannelStreams;
  /** The error that ended the call from outside. */
  #cut: ServerError | undefined;
  /** True if the client waits no more, as servers of the transport have it: a channel takes no time of 0. */
  readonly #isLate: boolean;
  #isOver = false;

  constructor(
    method: AnyClient[string],
    { metadata, timeoutMs, onHeader }: CallArrival,
    streams: ChannelStreams,
  ) {
    this.#method = method;
    this.#streams = streams;
    this.#options = {
      metadata,
      signal: this.#controller.signal,
      onHeader: (header) => {
        this.header = header;
        onHeader?.();
      },
      onTrailer: (trailer) => (this.trailer = trailer),
      ...(timeoutMs !== undefined && { timeoutMs }),
    };
    this.#isLate = timeoutMs !== undefined && timeoutMs < 1;
  }

  async unary<T>(read: () => unknown, write: (message: unknown) => T): Promise<T> {
    try {
      return write(await this.#method(await this.#request(read), this.#options));
    } catch (thrown) {
      throw serverError(thrown);
    }
  }

  async stream(read: () => unknown, send: (message: unknown) => Promise<void> | undefined): Promise<void> {
    try {
      this.#streams.add(this);
      for await (const message of this.#method(await this.#request(read), this.#options)) {
        const waiting = send(message);
        if (waiting !== undefined) await waiting;
        if (this.#isOver) return;
      }
    } catch (thrown) {
      throw this.#cut ?? serverError(thrown);
    } finally {
      this.#streams.delete(this);
    }
  }

  /** The request, which the channel takes as it is: what a stream of requests throws, the call is thrown. */
  #request(read: () => unknown): unknown {
    if (this.#isLate) throw peerError(Status.DEADLINE_EXCEEDED, "Deadline exceeded");
    return read();
  }

  cancel(): void {
    this.#controller.abort();
  }

  cut(error: ServerError): void {
    this.#cut = error;
    this.cancel();
  }

  end(): void {
    this.#isOver = true;
  }
}

/** What is said of errors that the channel itself has made. */
const textsOfChannel: Readonly<Record<number, string>> = {
  [Status.DEADLINE_EXCEEDED]: "Deadline exceeded",
  [Status.UNAVAILABLE]: "the service cannot be reached",
};

/** What may be shown of an error. Only what a server has said is: other texts have addresses, and the edge's own mistakes. */
function serverError(thrown: unknown): ServerError {
  if (thrown instanceof ServerError) return thrown;
  if (thrown instanceof ClientError) {
    const { origin } = thrown as ClientError & { origin?: unknown };
    if (origin === "status") return peerError(thrown.code, thrown.details);
    const { code } = thrown;
    return peerError(code, textsOfChannel[code] ?? "the answer of the service cannot be read");
  }
  if (thrown instanceof Error && thrown.name === "AbortError")
    return peerError(Status.CANCELLED, "The operation was cancelled");
  reportFault(thrown);
  return new ServerError(Status.INTERNAL, "internal error");
}
