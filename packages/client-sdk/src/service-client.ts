import type {
  CallOptions,
  Client,
  CompatServiceDefinition,
  NormalizedServiceDefinition,
} from "@callwire/transport/seam";
import type { ClientCallOptions } from "./call-options.js";

/** `AsyncDisposable`, where the compiler's `lib` has it: that of many browsers' projects has not. */
type AwaitUsing = SymbolConstructor extends { readonly asyncDispose: infer Key extends symbol }
  ? { [Each in Key]: () => Promise<void> }
  : object;

/** A client that can be closed, by `await using` too. */
export interface Closable extends AwaitUsing {
  /**
   * Ends the calls under way and closes the connection. They fail with a {@link CallError} of code CANCELLED, and so does
   * every later call. Closing twice is harmless.
   */
  close(): void;
}

/**
 * A client of a service: a method for each of the contract's, and {@link Closable}. A contract's own method named `close` is
 * called with a request; without one, `close` closes the client.
 */
export type ServiceClient<
  Definition extends CompatServiceDefinition,
  Ext extends object = object,
> = TakingAnyIterable<
  Client<Definition, Omit<ClientCallOptions, keyof CallOptions> & Ext>,
  NormalizedServiceDefinition<Definition>
> &
  Closable;

/** The methods of a client, where those that stream their requests take any iterable, such as an array. */
type TakingAnyIterable<Methods, Definition> = {
  [Name in keyof Methods]: Name extends keyof Definition
    ? Definition[Name] extends { requestStream: true }
      ? Methods[Name] extends (
          requests: AsyncIterable<infer Request>,
          options?: infer Options,
        ) => infer Response
        ? (requests: AsyncIterable<Request> | Iterable<Request>, options?: Options) => Response
        : Methods[Name]
      : Methods[Name]
    : Methods[Name];
};
