import {
  countSent,
  ResponseStream,
  type AnyIterable,
  type CallScope,
  type ResponseSink,
} from "@callwire/transport/server";

/** How a stream of responses ended: undefined if its handler has given the last one, or was closed. */
export type StreamFailure = { readonly thrown: unknown } | undefined;

/** What happens to a stream of responses. */
export interface ResponsesListener {
  /** Sends a response; a promise if the next one must wait. */
  readonly send: (message: unknown) => Promise<void> | undefined;
  readonly onEnd: (failure: StreamFailure) => void;
  /** Where the handler runs. */
  readonly scope: CallScope | undefined;
}

/** The responses of one call, on their way from its handler to whoever has called. */
export class DirectResponses implements ResponseSink {
  finished = false;
  readonly isBlocked = false;
  readonly scope: CallScope | undefined;
  readonly #send: (message: unknown) => Promise<void> | undefined;
  readonly #onEnd: (failure: StreamFailure) => void;
  readonly #stream: ResponseStream;

  /** @throws {TypeError} if the messages are no iterable. */
  constructor(messages: AnyIterable, { send, onEnd, scope }: ResponsesListener) {
    this.#send = send;
    this.#onEnd = onEnd;
    this.scope = scope;
    this.#stream = new ResponseStream(this, messages);
  }

  start(): void {
    this.#stream.start();
  }

  /** Nobody takes more: gives the handler's `finally` its turn. */
  close(): void {
    this.finished = true;
    this.#stream.stop();
  }

  write(message: unknown): Promise<void> | undefined {
    countSent();
    return this.#send(message);
  }

  onHandlerReturned(): void {
    this.#onEnd(undefined);
  }

  onHandlerFailed(thrown: unknown): void {
    this.#onEnd({ thrown });
  }

  onHandlerStopped(): void {
    this.#onEnd(undefined);
  }
}
