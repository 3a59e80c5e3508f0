/** The messages that are measured. */
export const rowNames = ["user", "page", "numbers", "nested", "text", "text-utf8"] as const;
export type RowName = (typeof rowNames)[number];

/** The codecs that are measured: JSON as it is, and protobuf's binary format. */
export const codecNames = ["json", "ts-proto", "protobuf-es", "protobufjs", "pbf", "callwire"] as const;
export type CodecName = (typeof codecNames)[number];

/** The two ways to protobuf's JSON format: conversions by hand around JSON's own functions, and ours. */
export const jsonNames = ["json-by-hand", "json-callwire"] as const;
export type JsonName = (typeof jsonNames)[number];

/** One message, as one codec has it. */
export type Native = object;

/** Encodes and decodes the messages of a row. */
export interface Coder {
  encode(message: Native): Uint8Array | string;
  decode(encoded: Uint8Array | string): Native;
}

/** One codec: its form of a row's messages, and its functions for them. */
export interface Codec {
  /** A message of the row, given in callwire's form, in the form of this codec. */
  native(row: RowName, message: Native): Native;
  coder(row: RowName): Coder;
}

/** A coder of messages and texts of known types. */
export function coder<M extends Native, E extends Uint8Array | string>(
  encode: (message: M) => E,
  decode: (encoded: E) => M,
): Coder {
  return { encode, decode };
}

/** Nanoseconds for one message. */
export interface CodecTimes {
  encodeNs: number;
  decodeNs: number;
}
