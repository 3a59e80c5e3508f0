import { toJsonText, type JsonWriteOptions } from "@callwire/protobuf";
import { sharedForm } from "@callwire/transport/client";

/**
 * The same options, by which messages inside others are made JSON once if `shareEncoding` has marked them: a page is put together of
 * resources that many ask for.
 */
export function withKeptJson(write: JsonWriteOptions): JsonWriteOptions {
  return {
    ...write,
    keptJson(message, type) {
      const kept = sharedForm(message, write, (one, isShared) =>
        isShared ? { type, json: toJsonText(type, one as never, write) } : undefined,
      );
      // Another type may have written it first.
      return kept?.type === type ? kept.json : undefined;
    },
  };
}
