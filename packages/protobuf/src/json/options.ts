import type { JsonError } from "./json-error.js";

/** Options of writing messages as JSON. */
export interface JsonWriteOptions {
  /** Writes fields without presence that have their default, empty lists and maps too. Default: false, as protobuf. */
  readonly alwaysEmitImplicit?: boolean;
  /** Names fields as the contract does, `created_at`. Default: false, `createdAt`. */
  readonly originalNames?: boolean;
  /** Writes enums as numbers. Default: false, as names. */
  readonly enumsAsIntegers?: boolean;
  /** Types of messages in `google.protobuf.Any`. Default: none, and an Any that is not empty is refused. */
  readonly registry?: JsonRegistry;
  /**
   * Returns the JSON that is kept of a message, as the other options have it; undefined for a message to be written. It is asked for each
   * message whose JSON is an object of its fields, those inside others too. Default: none is kept.
   */
  readonly keptJson?: (message: object, type: WrittenType) => string | undefined;
}

/** Options of reading messages from JSON. */
export interface JsonReadOptions {
  /** Passes over fields and names of enums that the contract does not have. Default: false, they are refused. */
  readonly ignoreUnknownFields?: boolean;
  /** Types of messages in `google.protobuf.Any`, and extensions. Default: none, and they are refused. */
  readonly registry?: JsonRegistry;
  /**
   * Takes the errors of all fields, items and entries that are wrong, at most MAX_JSON_ERRORS; what was read is of no use
   * then. Text that is no JSON is thrown all the same. Default: none, and the first error is thrown.
   */
  readonly errors?: JsonError[];
  /** The most objects and lists in one another. Default: {@link MAX_JSON_DEPTH}. */
  readonly maxDepth?: number;
}

/** The most objects and lists in one another, where options state no other: protobuf's own limit. */
export const MAX_JSON_DEPTH = 100;

/**
 * The most characters of a number: one of millions of digits takes seconds otherwise, and the longest exact decimal of a double has 1,077.
 * A list of many numbers is the engine's to read, and they may be longer.
 */
export const MAX_JSON_NUMBER_LENGTH = 2048;

/** The most characters of a google.protobuf.FieldMask: a million names take seconds otherwise, and thousands are not so long. */
export const MAX_JSON_MASK_LENGTH = 64 * 1024;

/** The types that a contract names in text only, for JSON. */
export interface JsonRegistry {
  /** The message type of a full name. Undefined if there is none. */
  message(typeName: string): RegisteredMessage | undefined;
  /** The extension of a full name, to a message of another one. Undefined if there is none: its key is an unknown field then. */
  extension(name: string, extendee: string): RegisteredExtension | undefined;
  /** The extensions that a message has. */
  extensionsIn(typeName: string, message: object): readonly RegisteredExtension[];
}

/** The part of a message type that writes its JSON. A `sink` is a JsonSink, as of {@link RegisteredExtension}. */
export interface WrittenType {
  writeJson(message: never, sink: never): void;
}

/** The part of a message type that `google.protobuf.Any` needs. */
export interface RegisteredMessage {
  readonly typeName: string;
  // A registry has types of any message.
  encode(message: never): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  toJSON(message: never, options?: JsonWriteOptions): unknown;
  fromJSON(json: unknown, options?: JsonReadOptions): unknown;
}

/**
 * The part of an extension that JSON needs. A `source` is a JsonSource and a `sink` a JsonSink: these types have these options,
 * and modules do not import one another in circles.
 */
export interface RegisteredExtension {
  readonly name: string;
  /** True if null is a value of the extension, and not a sign that it is absent. */
  readonly takesNull: boolean;
  /** Writes the value that a message has. */
  writeJson(message: object, sink: never): void;
  /** Reads the value of the extension, which is null only if it takes that, into a message. */
  readJson(message: object, source: never): void;
}
