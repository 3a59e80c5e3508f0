import { ScalarType } from "@bufbuild/protobuf";
import type { CodegenOptions } from "./options.js";

/** Wire types (protobuf.dev, "Encoding"). */
export const WireType = { VARINT: 0, BIT64: 1, LENGTH_DELIMITED: 2, START_GROUP: 3, BIT32: 5 } as const;

/** How the code of a field of a scalar type is written. */
export interface ScalarCode {
  /** The reader's and the writer's method. */
  method: string;
  wireType: number;
  /** The kind of the field in JSON, in the runtime. */
  kind: string;
  /** The type in TypeScript. */
  type: string;
  /** What a field without presence has if it was not set. */
  zero: string;
  /** What reads a value, from the reader `r`. */
  read: string;
  /** A function of the runtime that `read` calls, if there is one. */
  convert?: string;
  /** A condition that is true for a value other than the default. */
  isSet(value: string): string;
}

const differs = (zero: string) => (value: string) => `${value} !== ${zero}`;

function number(method: string, wireType: number, kind = method): ScalarCode {
  return { method, wireType, kind, type: "number", zero: "0", read: `r.${method}()`, isSet: differs("0") };
}

function real(method: string, wireType: number): ScalarCode {
  // Negative zero is a value of its own.
  return { ...number(method, wireType), isSet: (value) => `!Object.is(${value}, 0)` };
}

const forms = {
  bigint: { zero: "0n", suffix: "", convert: undefined },
  number: { zero: "0", suffix: "Number", convert: "toNumber" },
  string: { zero: '"0"', suffix: "String", convert: "String" },
};

function long(method: string, wireType: number, kind: string, { int64 }: CodegenOptions): ScalarCode {
  const { zero, suffix, convert } = forms[int64];
  const read = `r.${method}()`;
  return {
    method,
    wireType,
    kind: `${kind}${suffix}`,
    type: int64,
    zero,
    read: convert === undefined ? read : `${convert}(${read})`,
    ...(convert === "toNumber" && { convert }),
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
      return number("sint32", VARINT, "int32");
    case ScalarType.UINT32:
      return number("uint32", VARINT);
    case ScalarType.FIXED32:
      return number("fixed32", BIT32, "uint32");
    case ScalarType.SFIXED32:
      return number("sfixed32", BIT32, "int32");
    case ScalarType.FLOAT:
      return real("float", BIT32);
    case ScalarType.DOUBLE:
      return real("double", BIT64);
    case ScalarType.INT64:
      return long("int64", VARINT, "int64", options);
    case ScalarType.SINT64:
      return long("sint64", VARINT, "int64", options);
    case ScalarType.SFIXED64:
      return long("sfixed64", BIT64, "int64", options);
    case ScalarType.UINT64:
      return long("uint64", VARINT, "uint64", options);
    case ScalarType.FIXED64:
      return long("fixed64", BIT64, "uint64", options);
  }
}
