import { isPrintable } from "../hpack/field-rules.js";
import { CONNECTION, isReserved, isSettable } from "./reserved-names.js";

export { isSettable };

/** The number of names that are kept with what they say; when there are more, all are forgotten. */
const MAX_KNOWN_NAMES = 512;
/** A longer name, in characters, is looked at each time. */
const MAX_KNOWN_LENGTH = 64;
/** A longer value, in characters, is not kept as one that is valid. */
const MAX_KEPT_VALUE = 4096;

/** Names that metadata may have, by nice-grpc's rule. */
const KEY = /^[0-9a-z_.-]+$/;

/** One name of a header field, and what it says about the field: each name is looked at once. */
export class FieldName {
  /** In lower case. */
  readonly name: string;
  /** True if the application sees fields of this name. */
  readonly isMetadata: boolean;
  /** True if the application may send fields of this name. */
  readonly isSettable: boolean;
  /** True if the values are bytes, in base64 (gRPC over HTTP/2, "Binary-Header"). */
  readonly isBinary: boolean;
  /** True if HTTP/2 forbids the field (RFC 9113, section 8.2.2). */
  readonly isForbidden: boolean;
  /** True if nice-grpc's Metadata takes it as a key. */
  readonly isKey: boolean;
  /** The last value that {@link isText} found to be right: most names have few values, and a token is long. */
  #text = "";

  constructor(name: string) {
    this.name = name;
    this.isMetadata = !isReserved(name);
    this.isSettable = isSettable(name);
    this.isBinary = name.endsWith("-bin");
    this.isForbidden = CONNECTION.has(name);
    this.isKey = KEY.test(name);
  }

  /** True if a value is printable ASCII (gRPC over HTTP/2, "ASCII-Value"). */
  isText(value: string): boolean {
    if (value === this.#text) return true;
    if (!isPrintable(value)) return false;
    this.keepText(value);
    return true;
  }

  /** Keeps a value that is known to be text, for {@link isText}: what came may go back, as ids of requests do. */
  keepText(value: string): void {
    if (value.length <= MAX_KEPT_VALUE) this.#text = value;
  }
}

const known = new Map<string, FieldName>();

/** How many slots there are before {@link known}; a power of two. */
const SLOTS = 32;
/** The name that was looked for last of those with the same slot: a program asks for a few again and again. */
const recent: FieldName[] = Array.from({ length: SLOTS }, () => new FieldName(""));

/** The name of a field, written as it may be. Names are kept for all connections together. */
export function fieldName(key: string): FieldName {
  const slot = (key.length + key.charCodeAt(0)) & (SLOTS - 1);
  const last = recent[slot]!;
  if (last.name === key) return last;
  const name = known.get(key) ?? remember(key);
  if (key.length <= MAX_KNOWN_LENGTH) recent[slot] = name;
  return name;
}

function remember(key: string): FieldName {
  const lower = key.toLowerCase();
  const name = (lower === key ? undefined : known.get(lower)) ?? new FieldName(lower);
  if (key.length > MAX_KNOWN_LENGTH) return name;
  if (known.size >= MAX_KNOWN_NAMES) known.clear();
  known.set(key, name);
  return name;
}
