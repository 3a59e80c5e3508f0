// The messages of google/rpc/status.proto and google/rpc/error_details.proto as texts, which are a twentieth of their generated
// code: every client has them, in a browser too. A test compares both.
import { Reader } from "@callwire/protobuf";

type Message = Record<string, unknown>;

/** The kind of a field, by the mark after its name. */
type Mark = keyof typeof empty;

/** The value of a field that is not there. */
const empty = {
  /** A text. */
  "": () => "",
  /** Bytes. */
  "!": () => new Uint8Array(),
  /** An int32. */
  "#": () => 0,
  /** An int64. */
  "%": () => 0n,
  /** An optional int64. */
  "?": () => undefined,
  /** A message: the next of those given to {@link shape}. */
  "@": () => undefined,
  /** A list of it; of texts if there is none. */
  "*": (): unknown[] => [],
  /** A map of texts. */
  "{": () => new Map<unknown, unknown>(),
} as const;

/** A kind of message. */
export interface Shape {
  create(): Message;
  read(message: Message, reader: Reader): void;
  /** @throws {ProtobufError} if the bytes are not a valid message. */
  decode(bytes: Uint8Array): Message;
}

/** @param fields The names of the fields and their marks, in the order of their numbers, from 1. */
function shape(fields: string, ...inner: Shape[]): Shape {
  const list = fields.split(" ").map((field) => {
    const [, name = "", mark = ""] = /(\w+)(.?)/.exec(field)!;
    return [name, mark as Mark, /[@*]/.test(mark) ? inner.shift() : undefined] as const;
  });
  const made: Shape = {
    create: () => Object.fromEntries(list.map(([name, mark]) => [name, empty[mark]()])),
    read(message, reader) {
      while (reader.position < reader.limit) {
        const tag = reader.tag();
        const [name = "", mark = "", kind] = list[(tag >>> 3) - 1] ?? [];
        const isVarint = /[#%?]/.test(mark);
        if (name === "" || (tag & 7) !== (isVarint ? 0 : 2)) reader.unknown(tag, message);
        else message[name] = valueOf(reader, mark, kind, message[name]);
      }
    },
    decode(bytes) {
      const message = made.create();
      made.read(message, new Reader(bytes));
      return message;
    },
  };
  return made;
}

/** @param before The value so far. */
function valueOf(reader: Reader, mark: Mark, kind: Shape | undefined, before: unknown): unknown {
  if (mark === "!") return reader.bytes();
  if (mark === "#") return reader.int32();
  if (mark === "@") return reader.message(kind!, before as Message | undefined);
  if (mark === "%" || mark === "?") {
    reader.varint64();
    return (BigInt(reader.high) << 32n) | BigInt(reader.low >>> 0);
  }
  if (mark === "{") {
    const { key, value } = reader.message(entry, undefined);
    return (before as Map<unknown, unknown>).set(key, value);
  }
  const one = kind === undefined ? reader.string() : reader.message(kind, undefined);
  if (mark !== "*") return one;
  (before as unknown[]).push(one);
  return before;
}

const entry = /* @__PURE__ */ shape("key value");
const localizedMessage = /* @__PURE__ */ shape("locale message");

/** google.rpc.Status. */
export const status: Shape = /* @__PURE__ */ shape(
  "code# message details*",
  /* @__PURE__ */ shape("typeUrl value!"),
);

/** The messages of google/rpc/error_details.proto, by the names that they have as fields of `ErrorDetails`. */
export const details: Readonly<Record<string, Shape>> = {
  errorInfo: shape("reason domain metadata{"),
  badRequest: shape(
    "fieldViolations*",
    shape("field description reason localizedMessage@", localizedMessage),
  ),
  resourceInfo: shape("resourceType resourceName owner description"),
  retryInfo: shape("retryDelay@", shape("seconds% nanos#")),
  preconditionFailure: shape("violations*", shape("type subject description")),
  quotaFailure: shape(
    "violations*",
    shape(
      "subject description apiService quotaMetric quotaId quotaDimensions{ quotaValue% futureQuotaValue?",
    ),
  ),
  help: shape("links*", shape("description url")),
  localizedMessage,
  debugInfo: shape("stackEntries* detail"),
  requestInfo: shape("requestId servingData"),
};
