import { StringDecoder } from "node:string_decoder";
import type { Dispatcher } from "undici";
import type { EventFields } from "../../service/data.js";

type Result = IteratorResult<EventFields, undefined>;

/**
 * The events of a watch, from lines of JSON or from Server-Sent Events. It is undici's handler itself: with a stream of Node.js for each of
 * a thousand watches, most of the time would be the client's.
 */
export class EventStream implements AsyncIterableIterator<EventFields>, Dispatcher.DispatchHandler {
  readonly #decoder = new StringDecoder("utf8");
  readonly #events: EventFields[] = [];
  #rest = "";
  #controller: Dispatcher.DispatchController | undefined;
  #waiter: { resolve(result: Result): void; reject(error: Error): void } | undefined;
  #failure: Error | undefined;
  #isLeft = false;

  onRequestStart(controller: Dispatcher.DispatchController): void {
    this.#controller = controller;
  }

  onResponseStart(_controller: Dispatcher.DispatchController, statusCode: number): void {
    if (statusCode !== 200) throw new Error(`a watch was answered with ${statusCode}`);
  }

  onResponseData(_controller: Dispatcher.DispatchController, chunk: Buffer): void {
    const lines = (this.#rest + this.#decoder.write(chunk)).split("\n");
    this.#rest = lines.pop()!;
    for (const line of lines) {
      const json = line.startsWith("data: ") ? line.slice("data: ".length) : line;
      // Neither an event's id, nor the empty line behind it.
      if (json.startsWith("{")) this.#push(JSON.parse(json) as EventFields);
    }
  }

  onResponseEnd(): void {
    this.#fail(new Error("a watch has ended"));
  }

  onResponseError(_controller: Dispatcher.DispatchController, error: Error): void {
    this.#fail(error);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<Result> {
    const value = this.#events.shift();
    if (value !== undefined) return Promise.resolve({ done: false, value });
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => (this.#waiter = { resolve, reject }));
  }

  return(): Promise<Result> {
    this.#isLeft = true;
    this.#controller?.abort(new Error("the watch was left"));
    return Promise.resolve({ done: true, value: undefined });
  }

  #push(value: EventFields): void {
    const waiter = this.#waiter;
    this.#waiter = undefined;
    if (waiter === undefined) this.#events.push(value);
    else waiter.resolve({ done: false, value });
  }

  #fail(error: Error): void {
    if (this.#isLeft) return;
    this.#failure = error;
    this.#waiter?.reject(error);
  }
}
