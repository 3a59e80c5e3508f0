import { type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { code, imp } from "ts-poet";
import { importSuffix, type Declarations } from "./declarations.js";
import { runtime, type Part } from "./lines.js";
import type { CodegenOptions } from "./options.js";
import { scalarCode, WireType, type ScalarCode } from "./scalars.js";
import { nativeForm, type NativeForm } from "./well-known.js";

/** What reads and writes the values of a field: of the field itself, of each item of a list, of a map's key or value. */
export interface ValueCode {
  /** The wire type, which is that of a list that is not packed too. */
  wireType: number;
  /** The kind of the value in JSON, in the runtime. */
  kind: Part;
  /** What stands for a value that is not there, in an entry of a map. */
  zero: Part;
  /** True for a message, which is read into what was read of it before. */
  isMerged: boolean;
  /** Writes `value`. */
  write(tag: number | string, value: string): Part;
  /** Reads a value, into `previous` if it is merged. */
  read(tag: number, previous: string): Part;
  /** A condition that is true for a value other than the default; undefined if a value that is there is written always. */
  isSet?: (value: string) => string;
}

/** Makes the code of values of every type that a field may have. */
export class ValueCoder {
  readonly #declarations: Declarations;
  readonly #options: CodegenOptions;

  constructor(declarations: Declarations, options: CodegenOptions) {
    this.#declarations = declarations;
    this.#options = options;
  }

  /** The code of a field's value: of each of its values, if it has several. */
  of(field: DescField): ValueCode {
    if (field.message !== undefined) return this.#messageValue(field.message, isGroup(field));
    if (field.enum !== undefined) return this.#enum(field.enum);
    return this.scalar(scalarCode(field.scalar, this.#options));
  }

  scalar(scalar: ScalarCode): ValueCode {
    const { method, isRare, wireType, kind, zero, isSet, convert } = scalar;
    const read = isRare ? code`${runtime(`read${method}`)}(r)` : `r.${method}()`;
    return {
      wireType,
      kind: runtime(kind),
      zero,
      isMerged: false,
      isSet,
      write: (tag, value) =>
        isRare ? code`${runtime(`write${method}`)}(w, ${tag}, ${value})` : `w.${method}(${tag}, ${value})`,
      read: () =>
        convert === undefined ? read : code`${convert === "String" ? convert : runtime(convert)}(${read})`,
    };
  }

  #enum(type: DescEnum): ValueCode {
    const isNull = type.typeName === "google.protobuf.NullValue";
    const closed = type.open ? "" : ", { closed: true }";
    return {
      wireType: WireType.VARINT,
      kind: isNull ? runtime("nullValue") : code`${runtime("enumeration")}(${this.type(type)}${closed})`,
      zero: firstNumber(type),
      isMerged: false,
      isSet: (value) => `${value} !== 0`,
      write: (tag, value) => `w.int32(${tag}, ${value})`,
      // An open enum has numbers that it does not name.
      read: () => code`r.int32() as ${this.type(type)}`,
    };
  }

  #messageValue(message: DescMessage, asGroup: boolean): ValueCode {
    const native = nativeForm(message.typeName, this.#options);
    if (native !== undefined) return this.#native(native, message, asGroup);
    const type = this.type(message);
    const base = { kind: type, zero: code`${type}.create()`, isMerged: true };
    if (asGroup) {
      return {
        ...base,
        wireType: WireType.START_GROUP,
        write: (tag, value) => code`${runtime("writeGroup")}(w, ${tag}, ${type}, ${value})`,
        read: (tag, previous) => code`${runtime("readGroup")}(r, ${tag}, ${type}, ${previous})`,
      };
    }
    return {
      ...base,
      wireType: WireType.LENGTH_DELIMITED,
      write: (tag, value) => code`w.message(${tag}, ${type}, ${value})`,
      read: (_, previous) => code`r.message(${type}, ${previous})`,
    };
  }

  #native(native: NativeForm, message: DescMessage, asGroup: boolean): ValueCode {
    const kind =
      native.scalar === undefined
        ? runtime(native.kind)
        : code`${runtime("wrapper")}(${runtime(scalarCode(native.scalar, this.#options).kind)})`;
    const zero = native.scalar === undefined ? native.zero : scalarCode(native.scalar, this.#options).zero;
    const wireType = asGroup ? WireType.START_GROUP : WireType.LENGTH_DELIMITED;
    const base = { wireType, kind, zero, isMerged: true };
    const { property } = native;
    if (property === undefined) {
      const write = runtime(`write${native.name}`);
      const read = runtime(`read${native.name}`);
      if (asGroup) {
        return {
          ...base,
          write: (tag, value) => code`${runtime("writeGroupValue")}(w, ${tag}, ${value}, ${write})`,
          read: (tag, previous) => code`${runtime("readGroupValue")}(r, ${tag}, ${previous}, ${read})`,
        };
      }
      return {
        ...base,
        write: (tag, value) => code`${write}(w, ${tag}, ${value})`,
        read: (_, previous) => code`${read}(r, ${previous})`,
      };
    }
    // A message of one field, which is seen as the field's value.
    const type = this.type(message);
    const former = (previous: string) => (previous === "undefined" ? zero : `(${previous}) ?? ${zero}`);
    const inMessage = (value: string | Part) => code`{ ${property}: ${value} }`;
    if (asGroup) {
      return {
        ...base,
        write: (tag, value) => code`${runtime("writeGroup")}(w, ${tag}, ${type}, ${inMessage(value)})`,
        read: (tag, previous) =>
          code`${runtime("readGroup")}(r, ${tag}, ${type}, ${inMessage(former(previous))}).${property}`,
      };
    }
    return {
      ...base,
      write: (tag, value) => code`w.message(${tag}, ${type}, ${inMessage(value)})`,
      read: (_, previous) => code`r.message(${type}, ${inMessage(former(previous))}).${property}`,
    };
  }

  /** The type of a map's values, if they are messages. */
  messageType(field: DescField): Part {
    const message = field.message!;
    const native = nativeForm(message.typeName, this.#options);
    return native === undefined ? this.type(message) : native.type;
  }

  /** A type of the contract, as generated code names it. */
  type(type: DescMessage | DescEnum): Part {
    const { module, name } = this.#declarations.locate(type.typeName);
    return code`${imp(`${name}@./${module}${importSuffix(this.#options)}`)}`;
  }
}

function isGroup(field: DescField): boolean {
  return field.message !== undefined && field.fieldKind !== "map" && field.delimitedEncoding;
}

/** The number that an enum begins with: what a field of it has that was not set. */
export function firstNumber(type: DescEnum): string {
  return String(type.values[0]?.number ?? 0);
}
