import { keepEntry, readClosedEnum, type AnyFieldType, type Reader, type Writer } from "@callwire/protobuf";
import type { AnyMessageType, Properties } from "../binding/field-path.js";
import type { DescribedField } from "./contract.js";
import { BIT32, BIT64, LENGTH_DELIMITED, VARINT } from "./scalars.js";
import { isTaken, valueCodecOf, type ValueCodec } from "./values.js";

/** What writes and reads a field of a message. */
export interface FieldCodec {
  /** The property of the message. */
  readonly property: string;
  /** The kind of the field's values in JSON, and of the keys of a map. */
  readonly kind: AnyFieldType;
  readonly keyKind: AnyFieldType | undefined;
  /** What the field has in a new message. */
  initial(): unknown;
  write(message: Properties, writer: Writer): void;
  /** By the tags that the field may come with. */
  readonly readers: readonly (readonly [tag: number, read: (message: Properties, reader: Reader) => void])[];
}

const KEY = 1;
const VALUE = 2;

function tagOf(number: number, wireType: number): number {
  return ((number << 3) | wireType) >>> 0;
}

/** @param others The properties of the other members of the field's oneof. */
export function fieldCodecOf(
  field: DescribedField,
  property: string,
  others: readonly string[],
  typeOf: (typeName: string) => AnyMessageType,
): FieldCodec {
  if (field.shape === "map") return mapCodec(field, property, typeOf);
  const value = valueCodecOf(field, typeOf);
  return field.shape === "list"
    ? listCodec(field, property, value)
    : singleCodec(field, property, others, value);
}

function singleCodec(
  { number, message, hasPresence, isRequired }: DescribedField,
  property: string,
  others: readonly string[],
  value: ValueCodec,
): FieldCodec {
  const tag = tagOf(number, value.wireType);
  const isOptional = message !== undefined || (hasPresence && !isRequired);
  const isLeftOut = isRequired && message === undefined ? () => false : value.isZero;
  return {
    property,
    kind: value.kind,
    keyKind: undefined,
    initial: isOptional ? () => undefined : () => value.zero(),
    write(properties, writer) {
      const given = properties[property];
      if (isOptional ? given === undefined : isLeftOut(given)) return;
      value.write(writer, tag, given);
    },
    readers: [
      [
        tag,
        (properties, reader) => {
          const given = readOne(value, tag, properties, reader, properties[property]);
          if (given === NOT_TAKEN) return;
          for (const other of others) properties[other] = undefined;
          properties[property] = given;
        },
      ],
    ],
  };
}

function listCodec({ number, isPacked }: DescribedField, property: string, value: ValueCodec): FieldCodec {
  const tag = tagOf(number, value.wireType);
  const packedTag = tagOf(number, LENGTH_DELIMITED);
  const isPackable = [VARINT, BIT32, BIT64].includes(value.wireType);
  const readInto = (properties: Properties, reader: Reader) => {
    const given = readOne(value, tag, properties, reader, undefined);
    if (given !== NOT_TAKEN) (properties[property] as unknown[]).push(given);
  };
  const readPacked = (properties: Properties, reader: Reader) => {
    for (const end = reader.range(); reader.more(end);) readInto(properties, reader);
  };
  return {
    property,
    kind: value.kind,
    keyKind: undefined,
    initial: () => [],
    write(properties, writer) {
      const list = properties[property] as readonly unknown[];
      if (!isPacked || !isPackable) for (const item of list) value.write(writer, tag, item);
      else if (list.length > 0) {
        const packed = writer.open(packedTag);
        for (const item of list) value.write(writer, 0, item);
        writer.close(packed);
      }
    },
    readers: isPackable
      ? [
          [tag, readInto],
          [packedTag, readPacked],
        ]
      : [[tag, readInto]],
  };
}

function mapCodec(
  { number, message: entry }: DescribedField,
  property: string,
  typeOf: (typeName: string) => AnyMessageType,
): FieldCodec {
  const [key, value] = [KEY, VALUE].map((each) => {
    const field = entry!.fields.find((one) => one.number === each);
    if (field === undefined) throw new Error(`${entry!.typeName} is no entry of a map`);
    return valueCodecOf(field, typeOf);
  }) as [ValueCodec, ValueCodec];
  const keyTag = tagOf(KEY, key.wireType);
  const valueTag = tagOf(VALUE, value.wireType);
  const tag = tagOf(number, LENGTH_DELIMITED);
  return {
    property,
    kind: value.kind,
    keyKind: key.kind,
    initial: () => new Map(),
    write(properties, writer) {
      for (const [name, given] of properties[property] as ReadonlyMap<unknown, unknown>) {
        const opened = writer.open(tag);
        key.write(writer, keyTag, name);
        value.write(writer, valueTag, given);
        writer.close(opened);
      }
    },
    readers: [
      [
        tag,
        (properties, reader) => {
          const entryAt = reader.tagAt;
          let name = key.zero();
          let given: unknown;
          for (const end = reader.range(); reader.more(end);) {
            const inner = reader.tag();
            if (inner === keyTag) name = key.read(reader, inner, undefined);
            else if (inner === valueTag) given = value.read(reader, inner, given);
            else reader.skip(inner);
          }
          if (given === undefined) given = value.zero();
          if (isTaken(value, given)) (properties[property] as Map<unknown, unknown>).set(name, given);
          else keepEntry(reader, entryAt, properties);
        },
      ],
    ],
  };
}

/** Stands for a number that a closed enum does not name: it is kept as an unknown field. */
const NOT_TAKEN = Symbol("not taken");

function readOne(
  value: ValueCodec,
  tag: number,
  properties: Properties,
  reader: Reader,
  previous: unknown,
): unknown {
  if (value.closed === undefined) return value.read(reader, tag, previous);
  return readClosedEnum(reader, tag, value.closed, properties) ?? NOT_TAKEN;
}
