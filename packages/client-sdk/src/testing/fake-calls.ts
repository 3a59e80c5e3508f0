import { EventEmitter, on } from "node:events";
import type { Metadata } from "nice-grpc-common";

/** One call that came to a fake server. A call that is tried again is one for each attempt. */
export interface FakeCall<Method extends string = string> {
  /** The method, by the name of its handler. */
  readonly method: Method;
  readonly metadata: Metadata;
  /** The messages that came so far, in their order. */
  readonly requests: readonly unknown[];
  /** Aborted when the call is over. */
  readonly signal: AbortSignal;
}

/** The calls that came to a fake server. */
export interface FakeCalls<Method extends string = string> {
  /** All of them, in their order. */
  readonly all: readonly FakeCall<Method>[];
  /** Those of one method. */
  of(method: Method): readonly FakeCall<Method>[];
  /** Waits until a method has been called so many times, and resolves to the last of these calls. Default: once. */
  waitFor(method: Method, times?: number): Promise<FakeCall<Method>>;
}

/** The calls of a fake, and how it notes them. */
export class CallRecord<Method extends string> implements FakeCalls<Method> {
  readonly all: FakeCall<Method>[] = [];
  readonly #events = new EventEmitter().setMaxListeners(0);

  add(call: FakeCall<Method>): void {
    this.all.push(call);
    this.#events.emit("call");
  }

  of(method: Method): FakeCall<Method>[] {
    return this.all.filter((call) => call.method === method);
  }

  async waitFor(method: Method, times = 1): Promise<FakeCall<Method>> {
    const find = () => this.of(method)[times - 1];
    let found = find();
    if (found !== undefined) return found;
    for await (const _ of on(this.#events, "call")) {
      found = find();
      if (found !== undefined) break;
    }
    return found!;
  }
}
