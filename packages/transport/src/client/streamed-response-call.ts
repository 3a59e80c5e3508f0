import { ClientCall } from "./client-call.js";
import type { ClientMethod } from "./client-method.js";
import type { CallOptions } from "./client-types.js";
import { MessageQueue } from "../grpc/message-queue.js";
import { MAX_QUEUED_MESSAGES } from "../grpc/message-source.js";

/** A call that answers with a stream: server-streaming, or bidirectional. It begins when its first message is asked for. */
class StreamedResponseCall extends ClientCall {
  readonly messages = new MessageQueue<unknown>(
    (cost) => {
      this.giveBack(cost);
      if (this.messages.isEmpty) this.onWanted();
    },
    () => this.abandon(),
  );

  get wantsMessage(): boolean {
    return this.messages.isEmpty;
  }

  protected get isComplete(): boolean {
    return true;
  }

  protected onMessage(message: unknown, cost: number): boolean {
    this.messages.push(message, cost);
    return this.messages.size < MAX_QUEUED_MESSAGES;
  }

  protected onSucceeded(): void {
    this.messages.end();
  }

  protected onError(error: unknown, atOnce: boolean): void {
    this.messages.fail(error, atOnce);
  }
}

/** The response of a call that answers with a stream. To stop reading ends the call. */
export class ResponseStream implements AsyncIterableIterator<unknown, undefined> {
  readonly #call: StreamedResponseCall;
  #started = false;

  constructor(method: ClientMethod, request: unknown, options: CallOptions) {
    this.#call = new StreamedResponseCall(method, request, options);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    if (!this.#started) {
      this.#started = true;
      this.#call.start();
    }
    return this.#call.messages.next();
  }

  return(): Promise<IteratorResult<unknown, undefined>> {
    this.#started = true;
    return this.#call.messages.return();
  }

  async throw(error: unknown): Promise<IteratorResult<unknown, undefined>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
