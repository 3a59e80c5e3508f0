import type { Metadata as AnyMetadata, MetadataConstructor, MetadataInit } from "nice-grpc-common";
import { isOptions, kindOf } from "./check-options.js";
import { LazyMetadata } from "./metadata.js";
import { metadata as metadataRule } from "./option-rules.js";

/** Metadata of a call, as nice-grpc-common describes it. */
export type Metadata = AnyMetadata;

/**
 * Makes metadata, with or without `new`. It takes and gives what nice-grpc-common's does, with the same errors, at a fraction of the
 * price; the transport takes either.
 *
 * @throws {Error} For a name or a value that gRPC does not allow.
 */
export const Metadata = function Metadata(init?: MetadataInit): AnyMetadata {
  const metadata = new LazyMetadata();
  if (init === undefined || init === null) return metadata;
  if (Symbol.iterator in init) for (const [name, value] of init) metadata.set(name, value);
  else for (const name of Object.keys(init)) metadata.set(name, init[name]!);
  return metadata;
} as MetadataConstructor;

/**
 * The metadata that a call was given: callers without types give what {@link Metadata} takes, too.
 *
 * @throws {Error} If it is none, or has a name or a value that gRPC does not allow.
 */
export function givenMetadata(given: AnyMetadata | MetadataInit | undefined): AnyMetadata | undefined {
  if (given === undefined || isMetadata(given)) return given;
  if (!metadataRule.accepts(given))
    throw new TypeError(`metadata is ${kindOf(given)}: it must be ${metadataRule.allowed}`);
  return Metadata(given);
}

function isMetadata(given: AnyMetadata | MetadataInit): given is AnyMetadata {
  if (given instanceof LazyMetadata) return true;
  // A FormData and URLSearchParams have one too, and give null for what they do not have.
  return typeof (given as Partial<AnyMetadata> | null)?.getAll === "function" && isOptions(given);
}
