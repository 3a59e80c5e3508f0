import { createCallScopes, turnWork } from "@callwire/transport/server";
import type { ServerError } from "nice-grpc-common";
import type { CallsOfServer, EndableCall } from "./direct-types.js";

/**
 * The calls of one server that come without gRPC: they end with the server as others do. They stand in a list of their own links: a
 * Set would build table after table, and each would keep the next one, with its calls, from the collector.
 */
export class DirectCalls implements CallsOfServer {
  readonly scopes = createCallScopes();
  #first: EndableCall | undefined;
  #last: EndableCall | undefined;
  /** Why calls are refused; undefined while they are taken. */
  #refusal: ServerError | undefined;
  #endReason: ServerError | undefined;
  #onIdle: (() => void) | undefined;

  /** The paths of the calls that run, one for each. */
  get running(): string[] {
    return this.#all().map((call) => call.method.path);
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
    call.runsAfter = this.#last;
    if (this.#last === undefined) this.#first = call;
    else this.#last.runsBefore = call;
    this.#last = call;
  }

  remove(call: EndableCall): void {
    const { runsAfter, runsBefore } = call;
    if (runsAfter === undefined) this.#first = runsBefore;
    else runsAfter.runsBefore = runsBefore;
    if (runsBefore === undefined) this.#last = runsAfter;
    else runsBefore.runsAfter = runsAfter;
    call.runsAfter = call.runsBefore = undefined;
    if (this.#first === undefined) this.#onIdle?.();
  }

  /** Takes no more calls; resolves when the running ones have ended. */
  async stop(refusal: ServerError): Promise<void> {
    this.#refusal = refusal;
    if (this.#first !== undefined) await new Promise<void>((resolve) => (this.#onIdle = resolve));
  }

  /** Ends every call that answers with a stream, a few in each turn of the event loop, and those that begin later. */
  endStreams(reason: ServerError): void {
    this.#endReason = reason;
    void turnWork.each(this.#all(), (call) => call.endStream(reason));
  }

  /** Cuts off all calls, a few in each turn of the event loop. */
  force(refusal: ServerError): void {
    this.#refusal = refusal;
    void turnWork.each(this.#all(), (call) => call.cancel(refusal));
  }

  /** Those that run now, whatever ends meanwhile. */
  #all(): EndableCall[] {
    const calls: EndableCall[] = [];
    for (let call = this.#first; call !== undefined; call = call.runsBefore) calls.push(call);
    return calls;
  }
}
