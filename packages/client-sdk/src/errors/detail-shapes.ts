// The messages of google/rpc/status.proto and google/rpc/error_details.proto as tables, which are a tenth of their generated
// code: every client has them, in a browser too. A test compares both.
import { Reader, readInt64 } from "@callwire/protobuf";

type Message = Record<string, unknown>;

/** A kind of field. */
interface Kind {
  /** The wire type (protobuf, "Message structure"). */
  readonly wire: number;
  /** The value of a field that is not there. */
  empty(): unknown;
  /** @param before The value so far. */
  read(reader: Reader, before: unknown): unknown;
}

const text: Kind = { wire: 2, empty: () => "", read: (reader) => reader.string() };
const bytes: Kind = { wire: 2, empty: () => new Uint8Array(), read: (reader) => reader.bytes() };
const int32: Kind = { wire: 0, empty: () => 0, read: (reader) => reader.int32() };
const int64: Kind = { wire: 0, empty: () => 0n, read: readInt64 };
const optionalInt64: Kind = { ...int64, empty: () => undefined };

function listOf({ wire, read }: Kind): Kind {
  return {
    wire,
    empty: () => [],
    read(reader, list) {
      (list as unknown[]).push(read(reader, undefined));
      return list;
    },
  };
}

/** A kind of message. */
export interface Shape extends Kind {
  /** @throws {ProtobufError} if the bytes are not a valid message. */
  decode(bytes: Uint8Array): Message;
}

/** @param fields The fields in the order of their numbers, from 1. */
function shape(...fields: readonly (readonly [name: string, kind: Kind])[]): Shape {
  const type = {
    create: (): Message => Object.fromEntries(fields.map(([name, kind]) => [name, kind.empty()])),
    read(message: Message, reader: Reader) {
      while (reader.position < reader.limit) {
        const tag = reader.tag();
        const [name = "", kind] = fields[(tag >>> 3) - 1] ?? [];
        if (kind?.wire === (tag & 7)) message[name] = kind.read(reader, message[name]);
        else reader.unknown(tag, message);
      }
    },
  };
  return {
    wire: 2,
    empty: () => undefined,
    read: (reader, before) => reader.message(type, before as Message | undefined),
    decode(input) {
      const message = type.create();
      type.read(message, new Reader(input));
      return message;
    },
  };
}

const entry = shape(["key", text], ["value", text]);
const textMap: Kind = {
  wire: 2,
  empty: () => new Map(),
  read(reader, map) {
    const { key, value } = entry.read(reader, undefined) as Message;
    return (map as Map<unknown, unknown>).set(key, value);
  },
};

const description = ["description", text] as const;
const subject = ["subject", text] as const;
const localizedMessage = shape(["locale", text], ["message", text]);

/** google.rpc.Status. */
export const status: Shape = shape(
  ["code", int32],
  ["message", text],
  ["details", listOf(shape(["typeUrl", text], ["value", bytes]))],
);

/** The messages of google/rpc/error_details.proto, by the names that they have as fields of `ErrorDetails`. */
export const details: Readonly<Record<string, Shape>> = {
  errorInfo: shape(["reason", text], ["domain", text], ["metadata", textMap]),
  badRequest: shape([
    "fieldViolations",
    listOf(shape(["field", text], description, ["reason", text], ["localizedMessage", localizedMessage])),
  ]),
  resourceInfo: shape(["resourceType", text], ["resourceName", text], ["owner", text], description),
  retryInfo: shape(["retryDelay", shape(["seconds", int64], ["nanos", int32])]),
  preconditionFailure: shape(["violations", listOf(shape(["type", text], subject, description))]),
  quotaFailure: shape([
    "violations",
    listOf(
      shape(
        subject,
        description,
        ["apiService", text],
        ["quotaMetric", text],
        ["quotaId", text],
        ["quotaDimensions", textMap],
        ["quotaValue", int64],
        ["futureQuotaValue", optionalInt64],
      ),
    ),
  ]),
  help: shape(["links", listOf(shape(description, ["url", text]))]),
  localizedMessage,
  debugInfo: shape(["stackEntries", listOf(text)], ["detail", text]),
  requestInfo: shape(["requestId", text], ["servingData", text]),
};
