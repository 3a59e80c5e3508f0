import type { JsonReadOptions, JsonRegistry, JsonWriteOptions } from "@callwire/protobuf";
import type { EdgeLimits } from "../edge-options.js";
import type { Cors } from "../http/cors.js";

/** What an edge answers with, beside its routes. */
export interface EdgeSettings {
  readonly limits: EdgeLimits;
  readonly read: JsonReadOptions;
  readonly write: JsonWriteOptions;
  readonly registry: JsonRegistry | undefined;
  readonly cors: Cors | undefined;
  readonly requestMetadata: readonly string[];
  readonly responseMetadata: readonly string[];
}
