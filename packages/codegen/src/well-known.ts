import { ScalarType } from "@bufbuild/protobuf";
import { code, imp, type Code } from "ts-poet";
import type { CodegenOptions } from "./options.js";
import { scalarCode } from "./scalars.js";

/** A well-known type that a field has in a form of JavaScript, as ts-proto declares it. */
export interface NativeForm {
  /** The runtime's functions are `writeX` and `readX`. */
  name: string;
  /** The kind of the field in JSON, in the runtime. */
  kind: string;
  type: string;
  /** What stands for a value that is not there, in an entry of a map. */
  zero: string;
  /** The only field of the message, if the form is that field's value. */
  property?: string;
  /** The type of that field, if it is a scalar. */
  scalar?: ScalarType;
}

const wrapper = (scalar: ScalarType, type: string): NativeForm => ({
  name: "",
  kind: "",
  type,
  zero: "",
  property: "value",
  scalar,
});

const forms: Record<string, NativeForm> = {
  Timestamp: { name: "Date", kind: "date", type: "Date", zero: "new globalThis.Date(0)" },
  Struct: { name: "Struct", kind: "struct", type: "{ [key: string]: any }", zero: "{}" },
  Value: { name: "Value", kind: "value", type: "any", zero: "undefined" },
  ListValue: { name: "ListValue", kind: "listValue", type: "any[]", zero: "[]" },
  FieldMask: { name: "", kind: "fieldMask", type: "string[]", zero: "[]", property: "paths" },
  DoubleValue: wrapper(ScalarType.DOUBLE, "number"),
  FloatValue: wrapper(ScalarType.FLOAT, "number"),
  Int32Value: wrapper(ScalarType.INT32, "number"),
  UInt32Value: wrapper(ScalarType.UINT32, "number"),
  BoolValue: wrapper(ScalarType.BOOL, "boolean"),
  StringValue: wrapper(ScalarType.STRING, "string"),
  BytesValue: wrapper(ScalarType.BYTES, "Uint8Array"),
};

/** The form of JavaScript that fields of a type have; undefined if they have the message. */
export function nativeForm(typeName: string, options: CodegenOptions): NativeForm | undefined {
  const name = shortName(typeName);
  if (name === undefined || (name === "Timestamp" && options.timestamp === "message")) return undefined;
  if (name === "Int64Value") return wrapper(ScalarType.INT64, options.int64);
  if (name === "UInt64Value") return wrapper(ScalarType.UINT64, options.int64);
  return Object.hasOwn(forms, name) ? forms[name] : undefined;
}

const runtime = (name: string) => imp(`${name}@@callwire/protobuf`);

/** How a well-known type itself is seen in JSON: code that makes the runtime's form of it. */
export function jsonForm(typeName: string, options: CodegenOptions): Code | undefined {
  const name = shortName(typeName);
  switch (name) {
    case "Timestamp":
      return code`${runtime("timestampJson")}(${runtime(scalarCode(ScalarType.INT64, options).kind)})`;
    case "Duration":
      return code`${runtime("durationJson")}(${runtime(scalarCode(ScalarType.INT64, options).kind)})`;
    case "FieldMask":
      return code`${runtime("fieldMaskJson")}`;
    case "Struct":
      return code`${runtime(options.map === "map" ? "structMapJson" : "structJson")}`;
    case "Value":
      return code`${runtime(options.oneof === "union" ? "valueJson" : "flatValueJson")}`;
    case "ListValue":
      return code`${runtime("listValueJson")}`;
    case "Any":
      return code`${runtime("anyJson")}`;
    default: {
      const scalar = name === undefined ? undefined : nativeForm(typeName, options)?.scalar;
      return scalar === undefined
        ? undefined
        : code`${runtime("wrapperJson")}(${runtime(scalarCode(scalar, options).kind)})`;
    }
  }
}

function shortName(typeName: string): string | undefined {
  const prefix = "google.protobuf.";
  return typeName.startsWith(prefix) ? typeName.slice(prefix.length) : undefined;
}
