import type { CallOptions as NiceGrpcCallOptions } from "nice-grpc-common";
import type { Encoding } from "../grpc/compression.js";
import type {
  AnyMethodDefinition,
  CompatServiceDefinition,
  MethodRequestIn,
  MethodResponseOut,
  NormalizedServiceDefinition,
  ServiceDefinition,
} from "../grpc/definition-types.js";

/** Options of a call: nice-grpc's, and some of our own. */
export interface CallOptions extends NiceGrpcCallOptions {
  /**
   * When the call is over: a time, or milliseconds since the epoch. It is sent to the server, and the call fails with
   * DEADLINE_EXCEEDED if there is no answer by then. Default: none, or what `grpc-timeout` in the metadata says.
   */
  deadline?: Date | number;
  /**
   * The time that the call may take with all its attempts, in milliseconds; `Infinity` for no limit. It is sent to the server, and
   * the call fails with DEADLINE_EXCEEDED if there is no answer by then. With `deadline` too, the earlier one counts. Must be
   * more than 0: otherwise the call fails with a RangeError. Default: none.
   */
  timeoutMs?: number;
  /**
   * The time that a call that streams its requests may make no progress because of the server, in milliseconds, before it fails
   * with DEADLINE_EXCEEDED: the server does not take a message, or has taken all and does not send the one answer. (A call
   * that answers with a stream may wait for its answers as long as it likes.) The time that the source of requests or the
   * reader of answers takes does not count. `Infinity` for no limit; must be more than 0. Default: none.
   */
  stallTimeoutMs?: number;
  /** True if the call waits for a connection until its deadline, where others fail with UNAVAILABLE. Default: false. */
  waitForReady?: boolean;
  /** The compression of the request's messages. Default: the channel's `grpc.default_compression_algorithm`, or not at all. */
  compression?: Encoding;
  /**
   * Decides for each message of the request if it is compressed, where `compression` says how. It gets the message as the caller
   * gave it, when it is sent; an error that it throws ends the call. Default: all messages are.
   */
  compressMessage?: (message: unknown) => boolean;
}

/** A client of a service: a method for each of the definition's. `CallOptionsExt` is what middleware add to the options. */
export type Client<Service extends CompatServiceDefinition, CallOptionsExt = object> = RawClient<
  NormalizedServiceDefinition<Service>,
  CallOptionsExt
>;

/** A client of a service whose definition is of nice-grpc's own form. */
export type RawClient<Service extends ServiceDefinition, CallOptionsExt = object> = {
  [Method in keyof Service]: ClientMethod<Service[Method], CallOptionsExt>;
};

/** A method of a client, of one of the four shapes. */
export type ClientMethod<
  Definition extends AnyMethodDefinition,
  CallOptionsExt = object,
> = Definition["requestStream"] extends false
  ? Definition["responseStream"] extends false
    ? UnaryClientMethod<MethodRequestIn<Definition>, MethodResponseOut<Definition>, CallOptionsExt>
    : Definition["responseStream"] extends true
      ? ServerStreamingClientMethod<
          MethodRequestIn<Definition>,
          MethodResponseOut<Definition>,
          CallOptionsExt
        >
      : never
  : Definition["requestStream"] extends true
    ? Definition["responseStream"] extends false
      ? ClientStreamingClientMethod<
          MethodRequestIn<Definition>,
          MethodResponseOut<Definition>,
          CallOptionsExt
        >
      : Definition["responseStream"] extends true
        ? BidiStreamingClientMethod<
            MethodRequestIn<Definition>,
            MethodResponseOut<Definition>,
            CallOptionsExt
          >
        : never
    : never;

export type UnaryClientMethod<Request, Response, CallOptionsExt = object> = (
  request: Request,
  options?: CallOptions & CallOptionsExt,
) => Promise<Response>;

export type ServerStreamingClientMethod<Request, Response, CallOptionsExt = object> = (
  request: Request,
  options?: CallOptions & CallOptionsExt,
) => AsyncIterable<Response>;

export type ClientStreamingClientMethod<Request, Response, CallOptionsExt = object> = (
  request: AsyncIterable<Request>,
  options?: CallOptions & CallOptionsExt,
) => Promise<Response>;

export type BidiStreamingClientMethod<Request, Response, CallOptionsExt = object> = (
  request: AsyncIterable<Request>,
  options?: CallOptions & CallOptionsExt,
) => AsyncIterable<Response>;

/** Options for all calls of a method, or with `*` of every method. */
export type DefaultCallOptions<Service extends ServiceDefinition, CallOptionsExt = object> = {
  [K in keyof Service | "*"]?: CallOptions & Partial<CallOptionsExt>;
};
