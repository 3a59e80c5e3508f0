import { ScalarType } from "@bufbuild/protobuf";
import type { CodegenOptions } from "./options.js";

/** Wire types (protobuf.dev, "Encoding"). */
export const WireType = { VARINT: 0, BIT64: 1, LENGTH_DELIMITED: 2, START_GROUP: 3, BIT32: 5 } as const;

/** How the code of a field of a scalar type is written. */
export interface ScalarCode {
  /** The reader's and the writer's method; with `isRare`, the end of the names of the runtime's functions `writeX` and `readX`. */
  method: string;
  /** True for a type that the reader and the writer have no method for. */
  isRare: boolean;
  wireType: number;
  /** The kind of the field in JSON, in the runtime. */
  kind: string;
  /** The type in TypeScript. */
  type: string;
  /** What a field without presence has if it was not set. */
  zero: string;
  /** The function that a value that is read goes through, if there is one: the runtime's, or JavaScript's own. */
  convert?: "toNumber" | "String";
  /** A condition that is true for a value other than the default. */
  isSet(value: string): string;
}

const differs = (zero: string) => (value: string) => `${value} !== ${zero}`;

function number(method: string, wireType: number, kind = method): ScalarCode {
  return { method, isRare: false, wireType, kind, type: "number", zero: "0", isSet: differs("0") };
}

function rareNumber(method: string, wireType: number, kind: string): ScalarCode {
  return { ...number(method, wireType, kind), isRare: true };
}

function real(method: string, wireType: number): ScalarCode {
  // Negative zero is a value of its own.
  return {
    ...rareNumber(method, wireType, method.toLowerCase()),
    isSet: (value) => `!Object.is(${value}, 0)`,
  };
}

const forms: Record<string, { zero: string; suffix: string; convert: ScalarCode["convert"] }> = {
  bigint: { zero: "0n", suffix: "", convert: undefined },
  number: { zero: "0", suffix: "Number", convert: "toNumber" },
  string: { zero: '"0"', suffix: "String", convert: "String" },
};

function long(method: string, wireType: number, kind: string, { int64 }: CodegenOptions): ScalarCode {
  const { zero, suffix, convert } = forms[int64]!;
  return {
    method,
    isRare: true,
    wireType,
    kind: `${kind}${suffix}`,
    type: int64,
    zero,
    ...(convert !== undefined && { convert }),
    isSet: differs(zero),
  };
}

const { VARINT, BIT64, LENGTH_DELIMITED, BIT32 } = WireType;

/** The code of a field of a scalar type. */
export function scalarCode(type: ScalarType, options: CodegenOptions): ScalarCode {
  switch (type) {
    case ScalarType.STRING:
      return { ...number("string", LENGTH_DELIMITED), type: "string", zero: '""', isSet: differs('""') };
    case ScalarType.BYTES:
      return {
        ...number("bytes", LENGTH_DELIMITED),
        type: "Uint8Array",
        zero: "new Uint8Array(0)",
        isSet: (value) => `${value}.length !== 0`,
      };
    case ScalarType.BOOL:
      return { ...number("bool", VARINT), type: "boolean", zero: "false", isSet: differs("false") };
    case ScalarType.INT32:
      return number("int32", VARINT);
    case ScalarType.SINT32:
      return rareNumber("Sint32", VARINT, "int32");
    case ScalarType.UINT32:
      return number("uint32", VARINT);
    case ScalarType.FIXED32:
      return rareNumber("Fixed32", BIT32, "uint32");
    case ScalarType.SFIXED32:
      return rareNumber("Sfixed32", BIT32, "int32");
    case ScalarType.FLOAT:
      return real("Float", BIT32);
    case ScalarType.DOUBLE:
      return real("Double", BIT64);
    case ScalarType.INT64:
      return long("Int64", VARINT, "int64", options);
    case ScalarType.SINT64:
      return long("Sint64", VARINT, "int64", options);
    case ScalarType.SFIXED64:
      return long("Sfixed64", BIT64, "int64", options);
    case ScalarType.UINT64:
      return long("Uint64", VARINT, "uint64", options);
    case ScalarType.FIXED64:
      return long("Fixed64", BIT64, "uint64", options);
  }
}
