// The messages of google/rpc/status.proto and google/rpc/error_details.proto as tables, which are a twentieth of their generated
// code: every client has them, in a browser too. A test compares both.
import { Reader } from "@callwire/protobuf";

type Message = Record<string, unknown>;

/** A kind of field. */
interface Kind {
  /** The wire type. Default: 2, what has a length. */
  wire?: 0;
  /** The value of a field that is not there. */
  empty(): unknown;
  /** @param before The value so far. */
  read(reader: Reader, before: unknown): unknown;
}

/** A kind of message. */
export interface Shape {
  create(): Message;
  read(message: Message, reader: Reader): void;
}

/** @param fields The kinds of the fields by their names, in the order of their numbers, from 1. */
function shape(fields: Readonly<Record<string, Kind>>): Shape {
  const list = Object.entries(fields);
  return {
    create: () => Object.fromEntries(list.map(([name, kind]) => [name, kind.empty()])),
    read(message, reader) {
      while (reader.position < reader.limit) {
        const tag = reader.tag();
        const [name = "", kind] = list[(tag >>> 3) - 1] ?? [];
        if (!kind || (tag & 7) !== (kind.wire ?? 2)) reader.unknown(tag, message);
        else message[name] = kind.read(reader, message[name]);
      }
    },
  };
}

/** Decodes a message. @throws {ProtobufError} if the bytes are not a valid one. */
export function decoded(type: Shape, bytes: Uint8Array): Message {
  const message = type.create();
  type.read(message, new Reader(bytes));
  return message;
}

const none = () => undefined;
const text: Kind = { empty: () => "", read: (reader) => reader.string() };
const bytes: Kind = { empty: () => new Uint8Array(), read: (reader) => reader.bytes() };
const int32: Kind = { wire: 0, empty: () => 0, read: (reader) => reader.int32() };
const int64: Kind = {
  wire: 0,
  empty: () => 0n,
  read(reader) {
    reader.varint64();
    return (BigInt(reader.high) << 32n) | BigInt(reader.low >>> 0);
  },
};
const optionalInt64: Kind = { ...int64, empty: none };

const message = (type: Shape): Kind => ({
  empty: none,
  read: (reader, before) => reader.message(type, before as Message | undefined),
});

const list = (kind: Kind): Kind => ({
  empty: () => [],
  read(reader, before) {
    (before as unknown[]).push(kind.read(reader, undefined));
    return before;
  },
});

const entry = /* @__PURE__ */ shape({ key: text, value: text });
/** A map of texts. */
const map: Kind = {
  empty: () => new Map(),
  read(reader, before) {
    const { key, value } = reader.message(entry, undefined);
    return (before as Map<unknown, unknown>).set(key, value);
  },
};

const localizedMessage = /* @__PURE__ */ shape({ locale: text, message: text });

/** google.rpc.Status. */
export const status: Shape = /* @__PURE__ */ shape({
  code: int32,
  message: text,
  details: /* @__PURE__ */ list(
    /* @__PURE__ */ message(/* @__PURE__ */ shape({ typeUrl: text, value: bytes })),
  ),
});

/** The messages of google/rpc/error_details.proto, by the names that they have as fields of `ErrorDetails`. */
export const details: Readonly<Record<string, Shape>> = {
  errorInfo: shape({ reason: text, domain: text, metadata: map }),
  badRequest: shape({
    fieldViolations: list(
      message(
        shape({ field: text, description: text, reason: text, localizedMessage: message(localizedMessage) }),
      ),
    ),
  }),
  resourceInfo: shape({ resourceType: text, resourceName: text, owner: text, description: text }),
  retryInfo: shape({ retryDelay: message(shape({ seconds: int64, nanos: int32 })) }),
  preconditionFailure: shape({
    violations: list(message(shape({ type: text, subject: text, description: text }))),
  }),
  quotaFailure: shape({
    violations: list(
      message(
        shape({
          subject: text,
          description: text,
          apiService: text,
          quotaMetric: text,
          quotaId: text,
          quotaDimensions: map,
          quotaValue: int64,
          futureQuotaValue: optionalInt64,
        }),
      ),
    ),
  }),
  help: shape({ links: list(message(shape({ description: text, url: text }))) }),
  localizedMessage,
  debugInfo: shape({ stackEntries: list(text), detail: text }),
  requestInfo: shape({ requestId: text, servingData: text }),
};
