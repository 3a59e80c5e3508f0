import {
  enumeration,
  isNumberOf,
  listValue,
  nullValue,
  readGroup,
  readGroupValue,
  readListValue,
  readStruct,
  readValue,
  struct,
  value,
  writeGroup,
  writeGroupValue,
  writeListValue,
  writeStruct,
  writeValue,
  type AnyFieldType,
  type Reader,
  type Writer,
} from "@callwire/protobuf";
import type { AnyMessageType } from "../binding/field-path.js";
import type { DescribedEnum, DescribedField } from "./contract.js";
import { LENGTH_DELIMITED, scalars, START_GROUP, VARINT } from "./scalars.js";

/** What writes and reads the values of a field: each of them, if it has several. */
export interface ValueCodec {
  readonly wireType: number;
  /** The kind of the value in JSON. */
  readonly kind: AnyFieldType;
  /** What a field without presence has, and an entry of a map that does not say. */
  zero(): unknown;
  /** True for a value that a field without presence does not write. */
  isZero(value: unknown): boolean;
  write(writer: Writer, tag: number, value: unknown): void;
  /** @param previous What was read of the field before: a message is read into it. */
  read(reader: Reader, tag: number, previous: unknown): unknown;
  /** The numbers that a closed enum takes. */
  readonly closed?: Readonly<Record<string, number>>;
}

/** The codec of a field's values. */
export function valueCodecOf(
  field: DescribedField,
  typeOf: (typeName: string) => AnyMessageType,
): ValueCodec {
  if (field.enum !== undefined) return enumCodec(field.enum);
  if (field.message === undefined) return scalarCodec(field);
  const { typeName } = field.message;
  const native = natives.get(typeName);
  return native === undefined
    ? messageCodec(typeOf(typeName), field.isDelimited)
    : nativeCodec(native, field.isDelimited);
}

function scalarCodec({ type }: DescribedField): ValueCodec {
  const scalar = scalars.get(type);
  if (scalar === undefined) throw new Error(`there is no type of number ${type}`);
  const { wireType, kind, zero } = scalar;
  const isZero =
    zero instanceof Uint8Array
      ? (given: unknown) => (given as Uint8Array).length === 0
      : // Negative zero is a value of its own.
        (given: unknown) => Object.is(given, zero);
  return {
    wireType,
    kind,
    zero: () => zero,
    isZero,
    write: scalar.write,
    read: scalar.read,
  };
}

function enumCodec({ typeName, numbers, isClosed }: DescribedEnum): ValueCodec {
  const [first = 0] = Object.values(numbers);
  return {
    wireType: VARINT,
    kind: typeName === "google.protobuf.NullValue" ? nullValue : enumeration(numbers, { closed: isClosed }),
    zero: () => first,
    isZero: (given) => given === 0,
    write: (writer, tag, given) => writer.int32(tag, given as number),
    read: (reader) => reader.int32(),
    ...(isClosed && { closed: numbers }),
  };
}

/** True if an enum takes a number. */
export function isTaken({ closed }: ValueCodec, number: unknown): boolean {
  return closed === undefined || isNumberOf(closed, number as number);
}

function messageCodec(type: AnyMessageType, isDelimited: boolean): ValueCodec {
  const base = { kind: type, zero: () => type.create() as unknown, isZero: () => false };
  return isDelimited
    ? {
        ...base,
        wireType: START_GROUP,
        write: (writer, tag, message) => writeGroup<unknown>(writer, tag, type, message),
        read: (reader, tag, previous) => readGroup<unknown>(reader, tag, type, previous),
      }
    : {
        ...base,
        wireType: LENGTH_DELIMITED,
        write: (writer, tag, message) => writer.message<unknown>(tag, type, message),
        read: (reader, _, previous) => reader.message<unknown>(type, previous),
      };
}

/** A well-known type that is seen as the JSON that it stands for. */
interface Native {
  readonly kind: AnyFieldType;
  zero(): unknown;
  write(writer: Writer, tag: number, value: never): void;
  read(reader: Reader, previous: never): unknown;
}

const natives: ReadonlyMap<string, Native> = new Map<string, Native>([
  ["google.protobuf.Struct", { kind: struct, zero: () => ({}), write: writeStruct, read: readStruct }],
  ["google.protobuf.Value", { kind: value, zero: () => undefined, write: writeValue, read: readValue }],
  [
    "google.protobuf.ListValue",
    { kind: listValue, zero: () => [], write: writeListValue, read: readListValue },
  ],
]);

function nativeCodec(native: Native, isDelimited: boolean): ValueCodec {
  const { kind, zero } = native;
  const write = native.write as (writer: Writer, tag: number, value: unknown) => void;
  const read = native.read as (reader: Reader, previous: unknown) => unknown;
  const base = { kind, zero, isZero: () => false };
  return isDelimited
    ? {
        ...base,
        wireType: START_GROUP,
        write: (writer, tag, given) => writeGroupValue(writer, tag, given, write),
        read: (reader, tag, previous) => readGroupValue(reader, tag, previous, read),
      }
    : {
        ...base,
        wireType: LENGTH_DELIMITED,
        write,
        read: (reader, _, previous) => read(reader, previous),
      };
}
