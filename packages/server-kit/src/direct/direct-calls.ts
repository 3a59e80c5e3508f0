import type { ServerError } from "nice-grpc-common";
import type { CallsOfServer, EndableCall } from "./direct-types.js";

/** The calls of one server that come without gRPC: they end with the server as others do. */
export class DirectCalls implements CallsOfServer {
  readonly #running = new Set<EndableCall>();
  /** Why calls are refused; undefined while they are taken. */
  #refusal: ServerError | undefined;
  #endReason: ServerError | undefined;
  #onIdle: (() => void) | undefined;

  /** The paths of the calls that run, one for each. */
  get running(): string[] {
    return Array.from(this.#running, (call) => call.method.path);
  }

  /** @throws {ServerError} if no more calls are taken. */
  check(): void {
    if (this.#refusal !== undefined) throw this.#refusal;
  }

  /** Why streams end that begin now; undefined if they do not. */
  get endReason(): ServerError | undefined {
    return this.#endReason;
  }

  add(call: EndableCall): void {
    this.#running.add(call);
  }

  remove(call: EndableCall): void {
    this.#running.delete(call);
    if (this.#running.size === 0) this.#onIdle?.();
  }

  /** Takes no more calls; resolves when the running ones have ended. */
  async stop(refusal: ServerError): Promise<void> {
    this.#refusal = refusal;
    if (this.#running.size > 0) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /** Ends every call that answers with a stream, and those that begin later. */
  endStreams(reason: ServerError): void {
    this.#endReason = reason;
    for (const call of this.#running) call.endStream(reason);
  }

  /** Cuts off all calls. */
  force(refusal: ServerError): void {
    this.#refusal = refusal;
    for (const call of this.#running) call.cancel(refusal);
  }
}
