import { checkOptions, rules, type ClientPhases, type RulesOf } from "@callwire/transport/seam";
import { Metadata, type MetadataInit } from "nice-grpc-common";

/** Options for {@link defaultMetadata}. */
export interface DefaultMetadataOptions {
  /** Sent with every call. */
  metadata: MetadataInit;
}

const optionRules: RulesOf<DefaultMetadataOptions> = {
  metadata: rules.required(rules.metadata),
};

/** Pure: puts defaults into metadata, where the call's own values of the same key stay. */
function addDefaults(metadata: Metadata, defaults: Metadata): void {
  for (const [key, values] of defaults) {
    // A copy: a Metadata keeps the array that it is given.
    if (!metadata.has(key)) metadata.set(key, [...values]);
  }
}

/** Sends metadata with every call. Throws an Error at once if a key or a value is not one that can be sent. */
export function defaultMetadata(options: DefaultMetadataOptions): ClientPhases {
  checkOptions("defaultMetadata", options, optionRules);
  const { metadata } = options;
  const defaults = Metadata(metadata);
  return {
    began(call) {
      addDefaults(call.metadata, defaults);
    },
  };
}
