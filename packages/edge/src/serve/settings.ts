import type { JsonReadOptions, JsonRegistry, JsonWriteOptions } from "@callwire/protobuf";
import type { EdgeLimits } from "../edge-options.js";
import type { Compression } from "../compression/compression.js";
import type { Cors } from "../http/cors.js";
import type { BodyLimits, WaitLimits } from "../http/held-bytes.js";
import type { Hosts } from "../http/hosts.js";
import type { Proxies } from "../http/proxies.js";

/** The forms of tags. */
export interface EtagSettings {
  /** True if a field has a tag's quotes too. */
  readonly isQuoted: boolean;
  /** True if an answer without a field for a tag has a weak one. */
  readonly isWeak: boolean;
}

/** What an edge answers with, beside its routes. */
export interface EdgeSettings {
  readonly limits: EdgeLimits;
  /** Of bodies, and of messages of streams. */
  readonly body: BodyLimits;
  /** Of answers that clients do not take. */
  readonly answer: WaitLimits;
  readonly read: JsonReadOptions;
  readonly write: JsonWriteOptions;
  /** The same, of `withKeptJson`. */
  readonly writeKept: JsonWriteOptions;
  readonly registry: JsonRegistry | undefined;
  readonly cors: Cors | undefined;
  readonly compression: Compression;
  readonly proxies: Proxies | undefined;
  readonly hosts: Hosts | undefined;
  readonly etags: EtagSettings;
  readonly requestMetadata: readonly string[];
  readonly responseMetadata: readonly string[];
}
