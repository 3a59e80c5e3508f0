import {
  type CallOptions,
  type ClientMiddleware,
  type ClientMiddlewareCall,
  Metadata,
  type MetadataInit,
} from "nice-grpc-common";

/** Options for {@link defaultMetadata}. */
export interface DefaultMetadataOptions {
  /** Sent with every call. */
  metadata: MetadataInit;
}

/** Pure: both, with the call's own values in place of the defaults of the same key. */
export function mergeMetadata(defaults: Metadata, own: Metadata | undefined): Metadata {
  const merged = Metadata(defaults);
  for (const [key, values] of own ?? []) merged.set(key, values);
  return merged;
}

/** Sends metadata with every call. Throws an Error at once if a key or a value is not one that can be sent. */
export function defaultMetadata({ metadata }: DefaultMetadataOptions): ClientMiddleware {
  const defaults = Metadata(metadata);
  return async function* defaultMetadata<Request, Response>(
    call: ClientMiddlewareCall<Request, Response>,
    options: CallOptions,
  ) {
    const merged = mergeMetadata(defaults, options.metadata);
    return yield* call.next(call.request, { ...options, metadata: merged });
  };
}
