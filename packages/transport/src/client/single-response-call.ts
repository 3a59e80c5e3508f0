import { Status } from "nice-grpc-common";
import { ClientCall } from "./client-call.js";
import type { ClientMethod } from "./client-method.js";
import type { CallOptions } from "./client-types.js";

type Resolve = (message: unknown) => void;
type Reject = (error: unknown) => void;

let resolveNew: Resolve;
let rejectNew: Reject;
/** One function for all promises: a closure for each call would cost more than the promise. */
const capture = (resolve: Resolve, reject: Reject): void => {
  resolveNew = resolve;
  rejectNew = reject;
};

/** A call that answers with one message: unary, or client-streaming. */
export class SingleResponseCall extends ClientCall {
  readonly response = new Promise<unknown>(capture);
  readonly #resolve = resolveNew;
  readonly #reject = rejectNew;
  #received = false;
  #message: unknown;

  constructor(method: ClientMethod, request: unknown, options: CallOptions) {
    super(method, request, options);
    this.start();
  }

  get wantsMessage(): boolean {
    return true;
  }

  protected get isComplete(): boolean {
    return this.#received;
  }

  protected onMessage(message: unknown, cost: number): boolean {
    if (this.#received) {
      this.failHere(Status.UNIMPLEMENTED, "the response has more than one message");
      return false;
    }
    this.#received = true;
    this.#message = message;
    this.giveBack(cost);
    return true;
  }

  protected onSucceeded(): void {
    this.#resolve(this.#message);
  }

  protected onError(error: unknown): void {
    this.#reject(error);
  }
}
