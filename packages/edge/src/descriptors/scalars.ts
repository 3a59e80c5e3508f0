import {
  bool,
  bytes,
  double,
  float,
  int32,
  int64,
  readDouble,
  readFixed32,
  readFixed64,
  readFloat,
  readInt64,
  readSfixed32,
  readSfixed64,
  readSint32,
  readSint64,
  readUint64,
  string,
  uint32,
  uint64,
  writeDouble,
  writeFixed32,
  writeFixed64,
  writeFloat,
  writeInt64,
  writeSfixed32,
  writeSfixed64,
  writeSint32,
  writeSint64,
  writeUint64,
  type AnyFieldType,
  type Reader,
  type Writer,
} from "@callwire/protobuf";
import { FieldDescriptorProto_Type as Type } from "./gen/google/protobuf/descriptor.js";

/** Wire types (protobuf.dev, "Encoding"). */
export const VARINT = 0;
export const BIT64 = 1;
export const LENGTH_DELIMITED = 2;
export const START_GROUP = 3;
export const BIT32 = 5;

/** How values of a scalar type are written, read and seen in JSON. */
export interface Scalar {
  readonly wireType: number;
  readonly kind: AnyFieldType;
  /** The default of a field without presence, which is not written. */
  readonly zero: unknown;
  write(writer: Writer, tag: number, value: never): void;
  read(reader: Reader): unknown;
}

function scalar<T>(
  wireType: number,
  kind: AnyFieldType,
  zero: T,
  write: (writer: Writer, tag: number, value: T) => void,
  read: (reader: Reader) => T,
): Scalar {
  return { wireType, kind, zero, write, read };
}

/** The scalar types. Text is here too; messages and enums are not. */
export const scalars: ReadonlyMap<Type, Scalar> = new Map<Type, Scalar>([
  [Type.TYPE_DOUBLE, scalar(BIT64, double, 0, writeDouble, readDouble)],
  [Type.TYPE_FLOAT, scalar(BIT32, float, 0, writeFloat, readFloat)],
  [Type.TYPE_INT64, scalar(VARINT, int64, 0n, writeInt64, readInt64)],
  [Type.TYPE_UINT64, scalar(VARINT, uint64, 0n, writeUint64, readUint64)],
  [Type.TYPE_SINT64, scalar(VARINT, int64, 0n, writeSint64, readSint64)],
  [Type.TYPE_FIXED64, scalar(BIT64, uint64, 0n, writeFixed64, readFixed64)],
  [Type.TYPE_SFIXED64, scalar(BIT64, int64, 0n, writeSfixed64, readSfixed64)],
  [Type.TYPE_SINT32, scalar(VARINT, int32, 0, writeSint32, readSint32)],
  [Type.TYPE_FIXED32, scalar(BIT32, uint32, 0, writeFixed32, readFixed32)],
  [Type.TYPE_SFIXED32, scalar(BIT32, int32, 0, writeSfixed32, readSfixed32)],
  [
    Type.TYPE_INT32,
    scalar(
      VARINT,
      int32,
      0,
      (w, tag, value) => w.int32(tag, value),
      (r) => r.int32(),
    ),
  ],
  [
    Type.TYPE_UINT32,
    scalar(
      VARINT,
      uint32,
      0,
      (w, tag, value) => w.uint32(tag, value),
      (r) => r.uint32(),
    ),
  ],
  [
    Type.TYPE_BOOL,
    scalar(
      VARINT,
      bool,
      false,
      (w, tag, value) => w.bool(tag, value),
      (r) => r.bool(),
    ),
  ],
  [
    Type.TYPE_STRING,
    scalar(
      LENGTH_DELIMITED,
      string,
      "",
      (w, tag, value) => w.string(tag, value),
      (r) => r.string(),
    ),
  ],
  [
    Type.TYPE_BYTES,
    scalar(
      LENGTH_DELIMITED,
      bytes,
      new Uint8Array(0) as Uint8Array,
      (w, tag, value) => w.bytes(tag, value),
      (r) => r.bytes(),
    ),
  ],
]);
