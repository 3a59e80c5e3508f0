import {
  anyJson,
  bool,
  bytes,
  double,
  durationJson,
  fieldMaskJson,
  flatValueJson,
  float,
  int32,
  int64,
  list,
  listValueJson,
  map,
  members,
  messageType,
  named,
  optional,
  readMessageSet,
  string,
  structMapJson,
  timestampJson,
  uint32,
  uint64,
  wrapperJson,
  writeMessageSet,
  type AnyFieldType,
  type JsonForm,
  type Reader,
  type Writer,
} from "@callwire/protobuf";
import type { AnyMessageType, Properties } from "../binding/field-path.js";
import type { Contract, DescribedField, DescribedMessage } from "./contract.js";
import { fieldCodecOf, type FieldCodec } from "./field-codec.js";

// The forms of messages of any kind stand in one list.
// oxlint-disable-next-line typescript/no-explicit-any
type AnyJsonForm = JsonForm<any>;

/** The well-known types whose JSON is no object of their fields. */
const jsonForms: ReadonlyMap<string, AnyJsonForm> = new Map<string, AnyJsonForm>(
  Object.entries({
    Any: anyJson,
    Timestamp: timestampJson(int64),
    Duration: durationJson(int64),
    FieldMask: fieldMaskJson,
    Struct: structMapJson,
    Value: flatValueJson,
    ListValue: listValueJson,
    DoubleValue: wrapperJson(double),
    FloatValue: wrapperJson(float),
    Int64Value: wrapperJson(int64),
    UInt64Value: wrapperJson(uint64),
    Int32Value: wrapperJson(int32),
    UInt32Value: wrapperJson(uint32),
    BoolValue: wrapperJson(bool),
    StringValue: wrapperJson(string),
    BytesValue: wrapperJson(bytes),
  }).map(([name, form]): [string, AnyJsonForm] => [`google.protobuf.${name}`, form]),
);

/**
 * Makes the types of all messages of a contract at run time: as protoc-gen-callwire makes them beforehand, but for the names of a
 * message's properties, which are nobody's to see.
 */
export function messageTypesOf({ messages }: Contract): ReadonlyMap<string, AnyMessageType> {
  const types = new Map<string, AnyMessageType>();
  const typeOf = (typeName: string) => types.get(typeName)!;
  for (const [typeName, message] of messages) types.set(typeName, typeFor(message, typeOf));
  return types;
}

function typeFor(message: DescribedMessage, typeOf: (typeName: string) => AnyMessageType): AnyMessageType {
  const { typeName, isMessageSet } = message;
  const json = jsonForms.get(typeName);
  // Types refer to one another in circles: what a message needs of others is made when it is needed first.
  let made: Codec | undefined;
  const codec = (): Codec => (made ??= new Codec(message, typeOf, json !== undefined));
  return messageType<Properties>({
    name: typeName,
    create: () => codec().create(),
    write(properties, writer) {
      codec().write(properties, writer);
      if (isMessageSet) writeMessageSet(properties, writer);
      else writer.unknown(properties);
    },
    read(properties, reader) {
      codec().read(properties, reader, isMessageSet ? readMessageSet : readUnknown);
    },
    fields: () => codec().fieldTypes(),
    ...(json !== undefined && { json }),
  });
}

function readUnknown(reader: Reader, tag: number, properties: object): void {
  reader.unknown(tag, properties);
}

/** The fields of a message, as it is created, written and read. */
class Codec {
  /** In the order of the contract. */
  readonly #fields: readonly { readonly field: DescribedField; readonly codec: FieldCodec }[];
  readonly #inOrder: readonly FieldCodec[];
  readonly #readers: ReadonlyMap<number, FieldCodec["readers"][number][1]>;

  /** @param isWellKnown True if a form of JSON goes by the names of the properties. */
  constructor(
    { fields }: DescribedMessage,
    typeOf: (typeName: string) => AnyMessageType,
    isWellKnown: boolean,
  ) {
    // No name of a contract can be one that objects have already.
    const propertyOf = ({ jsonName, number }: DescribedField) => (isWellKnown ? jsonName : `f${number}`);
    this.#fields = fields.map((field) => {
      const { oneof } = field;
      // A message may have thousands of fields, and few of them are in a oneof.
      const others =
        oneof === undefined ? [] : fields.filter((other) => other.oneof === oneof && other !== field);
      return { field, codec: fieldCodecOf(field, propertyOf(field), others.map(propertyOf), typeOf) };
    });
    this.#inOrder = this.#fields
      .toSorted((one, other) => one.field.number - other.field.number)
      .map(({ codec }) => codec);
    this.#readers = new Map(this.#inOrder.flatMap(({ readers }) => readers));
  }

  create(): Properties {
    const properties: Properties = {};
    for (const { codec } of this.#fields) properties[codec.property] = codec.initial();
    return properties;
  }

  write(properties: Properties, writer: Writer): void {
    for (const field of this.#inOrder) field.write(properties, writer);
  }

  read(properties: Properties, reader: Reader, otherwise: typeof readUnknown): void {
    while (reader.position < reader.limit) {
      const tag = reader.tag();
      const read = this.#readers.get(tag);
      if (read === undefined) otherwise(reader, tag, properties);
      else read(properties, reader);
    }
  }

  /** The fields for JSON: FieldTypes. */
  fieldTypes(): object {
    const entries: Record<string, unknown> = {};
    const oneofs = new Map<string, Record<string, unknown>>();
    for (const { field, codec } of this.#fields) {
      const entry = named(kindOf(field, codec), field.name, field.jsonName);
      if (field.oneof === undefined) entries[codec.property] = entry;
      else {
        let oneof = oneofs.get(field.oneof);
        if (oneof === undefined) {
          oneofs.set(field.oneof, (oneof = {}));
          entries[`oneof of ${codec.property}`] = members(oneof);
        }
        oneof[codec.property] = entry;
      }
    }
    return entries;
  }
}

function kindOf(
  { shape, message, hasPresence, isRequired }: DescribedField,
  codec: FieldCodec,
): AnyFieldType {
  const { kind, keyKind } = codec;
  if (keyKind !== undefined) return map(keyKind, kind);
  if (shape === "list") return list(kind);
  return message === undefined && (hasPresence || isRequired) ? optional(kind) : kind;
}
