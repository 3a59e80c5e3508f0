import { checkValue, type ClientCallContext, isSettable, rules } from "@callwire/transport/seam";
import { ignoreResult } from "../internal/ignore-result.js";
import { type CallOptions, Metadata, type MethodDescriptor } from "nice-grpc-common";

/**
 * Pure: a time as `grpc-timeout` has it, an integer of at most 8 digits and a unit (gRPC over HTTP/2, "Requests"). Rounded
 * up, so that the server never gives up before the client does.
 */
export function formatTimeout(ms: number): string {
  const whole = Math.max(1, Math.ceil(ms));
  return whole < 1e8 ? `${whole}m` : `${Math.min(Math.ceil(whole / 1000), 99_999_999)}S`;
}

/** Pure: a value without blanks around it (RFC 9113, section 8.2.1): servers on nghttp2 drop the whole field for them. */
function trimmed(value: string | Uint8Array): string | Uint8Array {
  return typeof value === "string" ? value.trim() : value;
}

/** A call as phases see it that run around the `next` of a nice-grpc middleware. */
export class PhasedContext implements ClientCallContext {
  readonly method: MethodDescriptor;
  readonly options: CallOptions;
  deadlineMs = Infinity;
  attempts = 0;
  isCommitted = false;
  isUnseen = false;
  #metadata: Metadata | undefined;
  #trailer: Metadata | undefined;
  #isTrailerTold = false;

  constructor(method: MethodDescriptor, options: CallOptions) {
    this.method = method;
    this.options = options;
  }

  get metadata(): Metadata {
    const { metadata } = this.options;
    checkValue("the call", "metadata", metadata, rules.metadata);
    return (this.#metadata ??= Metadata(metadata));
  }

  get trailer(): Metadata {
    return this.#trailer ?? Metadata();
  }

  beginAttempt(): void {
    // One that no server has seen is the same one still.
    if (!this.isUnseen) this.attempts++;
    this.isUnseen = false;
    this.isCommitted = false;
    this.#trailer = undefined;
  }

  onTrailer(trailer: Metadata): void {
    this.#trailer = trailer;
  }

  /** Tells the caller of the trailers of the attempt that counts, once, if there are any. */
  tellTrailer(): void {
    if (this.#trailer === undefined || this.#isTrailerTold) return;
    this.#isTrailerTold = true;
    ignoreResult(this.options.onTrailer?.(this.#trailer));
  }

  /** The metadata of the present attempt. */
  outgoing(): Metadata {
    const given = this.#metadata ?? this.options.metadata;
    const isLimited = this.deadlineMs !== Infinity;
    const metadata = Metadata();
    // A copy, since grpc-js never ends a call with fields that HTTP/2 does not allow.
    for (const [name, values] of given ?? []) if (isSettable(name)) metadata.set(name, values.map(trimmed));
    // grpc-js sends this key as it is when the call has no deadline of its own, and nice-grpc never sets one.
    if (isLimited) metadata.set("grpc-timeout", formatTimeout(this.deadlineMs - performance.now()));
    if (this.attempts > 1) metadata.set("grpc-previous-rpc-attempts", String(this.attempts - 1));
    return metadata;
  }
}
