import {
  type DescExtension,
  type DescField,
  type DescMessage,
  type DescOneof,
  ScalarType,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { code, def, joinCode, type Code } from "ts-poet";
import { maybeSnakeToCamel } from "ts-proto/build/src/case.js";
import { safeAccessor } from "ts-proto/build/src/utils.js";
import type { Declarations } from "./declarations.js";
import { asCode, indent, inParts, runtime, runtimeType, wrap, type Part } from "./lines.js";
import { hasOptionalScalar } from "./lower-file.js";
import type { CodegenOptions } from "./options.js";
import { scalarCode, WireType } from "./scalars.js";
import { unescapeBytes } from "./unescape-bytes.js";
import { firstNumber, ValueCoder, type ValueCode } from "./value-code.js";
import { jsonForm, nativeForm } from "./well-known.js";

/** Integers of 64 bits. */
const LONGS: ReadonlySet<ScalarType> = new Set([
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
]);

/**
 * Makes the code of the messages of a request. One class, and a long one: creating, writing, reading and JSON go by the same
 * decisions about each field, of presence, oneofs and maps.
 */
export class MessageCoder {
  readonly #declarations: Declarations;
  readonly #options: CodegenOptions;
  readonly #values: ValueCoder;

  constructor(declarations: Declarations, options: CodegenOptions, values: ValueCoder) {
    this.#declarations = declarations;
    this.#options = options;
    this.#values = values;
  }

  /**
   * The constant of a message: its type at run time. Its functions state their types, and one that returns an object literal has a
   * body: otherwise the compiler checks what is in them twice.
   */
  message(message: DescMessage): Code {
    const { name } = this.#declarations.locate(message.typeName);
    const fields = message.fields.toSorted((a, b) => a.number - b.number);
    const json = jsonForm(message.typeName, this.#options);
    const isSet = message.proto.options?.messageSetWireFormat === true;
    const parts: Part[] = [
      code`export const ${def(name)}: ${runtimeType("MessageType")}<${name}> = /* @__PURE__ */ ${runtime("messageType")}<${name}>({`,
      code`  name: ${JSON.stringify(message.typeName)},`,
      `  create(): ${name} {`,
      ...indent(this.#create(message), 4),
      "  },",
      ...this.#write(fields, name, isSet),
      ...this.#read(fields, name, isSet),
      ...this.#fields(message),
      ...(json === undefined ? [] : [code`  json: ${json},`]),
      "});",
    ];
    return joinCode(parts.map(asCode), { on: "\n", trim: false });
  }

  /** The constant of a message's defaults, if its contract states any (proto2 and editions): of a field that is not set. */
  defaults(message: DescMessage): Code | undefined {
    const stated = message.fields.filter((field) => field.proto.defaultValue !== "");
    if (stated.length === 0) return undefined;
    const { name } = this.#declarations.locate(message.typeName);
    const constant = this.#declarations.constant(message.file.proto.name, `${name}Defaults`, "Values");
    const lines = stated.map((field) => `  ${safeAccessor(this.#property(field))}: ${this.#default(field)},`);
    const about = `/** What fields of ${name} that are not set stand for. */`;
    return code`${about}\nexport const ${def(constant)} = {\n${lines.join("\n")}\n} as const;`;
  }

  #default(field: DescField): string {
    const value =
      field.fieldKind === "scalar" || field.fieldKind === "enum" ? field.getDefaultValue() : undefined;
    if (typeof value === "string" && field.scalar === ScalarType.STRING) return JSON.stringify(value);
    // With its type, as `isolatedDeclarations` wants it for what is no literal.
    if (value instanceof Uint8Array)
      return `Uint8Array.of(${unescapeBytes(field.proto.defaultValue).join(", ")}) as Uint8Array`;
    if (typeof value === "number" && !Number.isFinite(value)) return `${value} as number`;
    if (Object.is(value, -0)) return "-0";
    if (field.scalar === undefined || typeof value === "boolean") return String(value);
    // An integer of 64 bits has the form of its option.
    const { type } = scalarCode(field.scalar, this.#options);
    return type === "bigint" ? `${value}n` : type === "string" ? `"${value}"` : String(value);
  }

  /** The constant of an extension. */
  extension(extension: DescExtension, inside: string): Code {
    const simple = maybeSnakeToCamel(extension.name, this.#declarations.options);
    // A name of digits, or of underscores alone, is none in TypeScript.
    const tsName = inside === "" && /^\d|^$/.test(simple) ? `extension${simple}` : inside + simple;
    const name = this.#declarations.constant(extension.file.proto.name, tsName, "Extension");
    const field = extension as unknown as DescField;
    const isList = extension.fieldKind === "list";
    const scalar =
      extension.scalar === undefined ? undefined : scalarCode(extension.scalar, this.#options).type;
    const one =
      extension.message === undefined
        ? (scalar ?? this.#values.type(extension.enum!))
        : this.#values.messageType(field);
    const value = isList ? code`${one}[]` : code`${one} | undefined`;
    const extendee = this.#values.type(extension.extendee);
    const message = code`${runtimeType("ExtensionValue")}<${value}>`;
    const parts: Part[] = [
      code`export const ${def(name)}: ${runtimeType("Extension")}<${extendee}, ${value}> = /* @__PURE__ */ ${runtime("extension")}<`,
      code`  ${extendee},`,
      code`  ${value}`,
      ">({",
      code`  name: ${JSON.stringify(extension.typeName)},`,
      code`  extendee: ${JSON.stringify(extension.extendee.typeName)},`,
      `  number: ${extension.number},`,
      code`  kind: ${this.#kind(field)},`,
      code`  create(): ${message} {`,
      `    return { value: ${isList ? "[]" : "undefined"} };`,
      "  },",
      ...this.#write([field], message, false),
      ...this.#read([field], message, false),
      "});",
    ];
    return joinCode(parts.map(asCode), { on: "\n", trim: false });
  }

  // What a new message has.

  #create(message: DescMessage): string[] {
    const members = message.members.flatMap((member) => {
      if (member.kind === "oneof" && !this.#isUnion(member)) {
        return member.fields.map((field) => `${safeAccessor(this.#property(field))}: undefined`);
      }
      const value = member.kind === "field" ? this.#initial(member) : "undefined";
      return [`${safeAccessor(this.#property(member))}: ${value}`];
    });
    return wrap("return {", members, "};", 4);
  }

  /** What a field has in a new message. */
  #initial(field: DescField): string {
    switch (field.fieldKind) {
      case "list":
        return "[]";
      case "map":
        return this.#isMap(field) ? "new globalThis.Map()" : "Object.create(null)";
      case "message":
        return "undefined";
      default:
        if (hasOptionalScalar(field) || field.oneof !== undefined) return "undefined";
        return field.fieldKind === "enum"
          ? firstNumber(field.enum)
          : scalarCode(field.scalar, this.#options).zero;
    }
  }

  // The binary format.

  #write(fields: readonly DescField[], type: Part, isMessageSet: boolean): Part[] {
    // The lines of a statement stay together.
    const statements: Part[][] = [];
    for (let index = 0; index < fields.length;) {
      const field = fields[index]!;
      const { oneof } = field;
      if (oneof !== undefined && this.#isUnion(oneof)) {
        // Members whose numbers follow one another share a switch.
        const members: DescField[] = [field];
        while (fields[index + members.length]?.oneof === oneof && members.length < MAX_MEMBERS)
          members.push(fields[index + members.length]!);
        statements.push(this.#writeOneof(oneof, members));
        index += members.length;
      } else {
        statements.push(this.#writeField(field));
        index++;
      }
    }
    if (isMessageSet) statements.push([code`${runtime("writeMessageSet")}(m, w);`]);
    else if (this.#options.unknown_fields) statements.push(["w.unknown(m);"]);
    if (statements.length === 0) return ["  write(): void {},"];
    return [
      code`  write(m: ${type}, w: ${runtimeType("Writer")}): void {`,
      ...indent(inParts(statements), 4),
      "  },",
    ];
  }

  #writeOneof(oneof: DescOneof, members: readonly DescField[]): Part[] {
    const property = access("m", this.#property(oneof));
    const written = members.map((field) => ({
      name: JSON.stringify(this.#property(field)),
      line: code`${this.#values.of(field).write(tagOf(field, this.#values.of(field)), this.#memberValue(field, property))};`,
    }));
    const [first] = written;
    if (written.length === 1) return [code`if (${property}?.$case === ${first!.name}) ${first!.line}`];
    return [
      `switch (${property}?.$case) {`,
      ...written.flatMap(({ name, line }) => [`  case ${name}:`, code`    ${line}`, "    break;"]),
      "}",
    ];
  }

  /** The value of a member of a oneof, which for a wrapper ts-proto takes to be optional. */
  #memberValue(field: DescField, property: string): string {
    const native = field.message && nativeForm(field.message.typeName, this.#options);
    if (native?.property === undefined) return `${property}.value`;
    const zero = native.scalar === undefined ? native.zero : scalarCode(native.scalar, this.#options).zero;
    return `${property}.value ?? ${zero}`;
  }

  #writeField(field: DescField): Part[] {
    const property = access("m", this.#property(field));
    if (field.fieldKind === "map") return this.#writeMap(field, property);
    const value = this.#values.of(field);
    const tag = tagOf(field, value);
    if (field.fieldKind === "list") {
      if (!field.packed) return [code`for (const v of ${property}) ${value.write(tag, "v")};`];
      return [
        `if (${property}.length > 0) {`,
        `  const packed = w.open(${tagOf(field, { wireType: WireType.LENGTH_DELIMITED })});`,
        code`  for (const v of ${property}) ${value.write(0, "v")};`,
        "  w.close(packed);",
        "}",
      ];
    }
    const line = code`${value.write(tag, property)};`;
    if (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED && field.fieldKind !== "message")
      return [line];
    if (value.isSet === undefined || field.oneof !== undefined || hasOptionalScalar(field)) {
      return [code`if (${property} !== undefined) ${line}`];
    }
    return [code`if (${value.isSet(property)}) ${line}`];
  }

  #writeMap(field: DescField & { fieldKind: "map" }, property: string): Part[] {
    const { key, value } = this.#mapEntry(field);
    const entries = this.#isMap(field) ? property : `Object.entries(${property})`;
    return [
      `for (const [k, v] of ${entries}) {`,
      `  const entry = w.open(${tagOf(field, { wireType: WireType.LENGTH_DELIMITED })});`,
      code`  ${key.write((1 << 3) | key.wireType, this.#mapKey(field, "k"))};`,
      code`  ${value.write((2 << 3) | value.wireType, "v")};`,
      "  w.close(entry);",
      "}",
    ];
  }

  /** True if a map is a Map: always, if its keys are none that an object can have, as ts-proto declares it. */
  #isMap(field: DescField & { fieldKind: "map" }): boolean {
    const { map, int64 } = this.#options;
    return (
      map === "map" || field.mapKey === ScalarType.BOOL || (int64 === "bigint" && LONGS.has(field.mapKey))
    );
  }

  /** The key of a map's entry for the writer: an object has all its keys as text. */
  #mapKey(field: DescField & { fieldKind: "map" }, key: string): string {
    const isText =
      field.mapKey === ScalarType.STRING || (this.#options.int64 === "string" && LONGS.has(field.mapKey));
    return this.#isMap(field) || isText ? key : `Number(${key})`;
  }

  #mapEntry(field: DescField & { fieldKind: "map" }): { key: ValueCode; value: ValueCode } {
    return {
      key: this.#values.scalar(scalarCode(field.mapKey, this.#options)),
      value: this.#values.of(field),
    };
  }

  #read(fields: readonly DescField[], type: Part, isMessageSet: boolean): Part[] {
    const otherwise: Part = isMessageSet
      ? code`${runtime("readMessageSet")}(r, tag, m);`
      : this.#options.unknown_fields
        ? "r.unknown(tag, m);"
        : "r.skip(tag);";
    const loop = ["while (r.position < r.limit) {", "  const tag = r.tag();"];
    if (fields.length === 0) {
      // A message without fields that drops unknown ones is not touched.
      const message = isMessageSet || this.#options.unknown_fields ? "m" : "_";
      return [
        code`  read(${message}: ${type}, r: ${runtimeType("Reader")}): void {`,
        ...indent([...loop, code`  ${otherwise}`, "}"], 4),
        "  },",
      ];
    }
    const cases = fields.flatMap((field) => this.#readField(field));
    return [
      code`  read(m: ${type}, r: ${runtimeType("Reader")}): void {`,
      ...indent(
        [...loop, "  switch (tag) {", ...indent(cases, 4), code`    default: ${otherwise}`, "  }", "}"],
        4,
      ),
      "  },",
    ];
  }

  #readField(field: DescField): Part[] {
    const { oneof } = field;
    const isMember = oneof !== undefined && this.#isUnion(oneof);
    const name = this.#property(field);
    const property = access("m", isMember ? this.#property(oneof) : name);
    if (field.fieldKind === "map") return this.#readMap(field, property);
    const value = this.#values.of(field);
    const tag = tagOf(field, value);
    if (field.fieldKind === "list") return this.#readList(field, value, property);
    if (isMember) {
      const $case = JSON.stringify(name);
      const previous = `${property}?.$case === ${$case} ? ${property}.value : undefined`;
      const read = value.read(tag, previous);
      const set = (what: Part): Part => code`${property} = { $case: ${$case}, value: ${what} }`;
      return [
        case_(tag, this.#isClosed(field) ? this.#closed(field, tag, (v) => code`${set(v)};`) : set(read)),
      ];
    }
    const others = oneof?.fields.filter((other) => other !== field) ?? [];
    const unset = others.map((other) => `${access("m", this.#property(other))} = undefined; `).join("");
    const set = (what: Part): Part => code`${unset}${property} = ${what}`;
    if (!this.#isClosed(field)) return [case_(tag, set(value.read(tag, property)))];
    const setIt = (v: Part): Part => (unset === "" ? code`${set(v)};` : code`{ ${set(v)}; }`);
    return [case_(tag, this.#closed(field, tag, setIt))];
  }

  /** An enum of proto2 takes the numbers that it names: others are unknown fields. */
  #isClosed(field: DescField): boolean {
    return field.enum !== undefined && !field.enum.open;
  }

  /** @param set Makes a statement, with its end. */
  #closed(field: DescField, tag: number, set: (value: Part) => Part): Part {
    const values = this.#values.type(field.enum!);
    return code`{ const v = ${runtime("readClosedEnum")}(r, ${tag}, ${values}, m); if (v !== undefined) ${set("v as never")} }`;
  }

  #readList(field: DescField & { fieldKind: "list" }, value: ValueCode, property: string): Part[] {
    const tag = tagOf(field, value);
    const add = (what: Part): Part => code`${property}.push(${what})`;
    const closed = (): Part => this.#closed(field, (field.number << 3) >>> 0, (v) => code`${add(v)};`);
    const one = this.#isClosed(field) ? closed() : add(value.read(tag, "undefined"));
    // Texts, the usual items of a short list, are read together.
    if (field.scalar === ScalarType.STRING)
      return [case_(tag, code`${property} = r.strings(tag, ${property})`)];
    const lines = [case_(tag, one)];
    if (value.wireType === WireType.LENGTH_DELIMITED || value.wireType === WireType.START_GROUP) return lines;
    const packed = tagOf(field, { wireType: WireType.LENGTH_DELIMITED });
    return [...lines, case_(packed, code`for (const end = r.range(); r.more(end); ) ${one}`)];
  }

  #readMap(field: DescField & { fieldKind: "map" }, property: string): Part[] {
    const { key, value } = this.#mapEntry(field);
    const tag = tagOf(field, { wireType: WireType.LENGTH_DELIMITED });
    const valueType = value.isMerged
      ? code`let value: ${this.#values.messageType(field)} | undefined;`
      : code`let value${this.#scalarType(field)} = ${value.zero};`;
    const isMap = this.#isMap(field);
    // Null is a Value of its own, not one that is missing.
    const read = value.isMerged && value.zero !== "undefined" ? code`value ?? ${value.zero}` : "value";
    const set = isMap
      ? code`${property}.set(key, ${read});`
      : code`(${property} as { [key: string]: unknown })[String(key)] = ${read};`;
    const isClosed = this.#isClosed(field);
    return [
      `case ${tag}: {`,
      code`  let key = ${key.zero};`,
      code`  ${valueType}`,
      ...(isClosed ? ["  const entry = r.tagAt;"] : []),
      "  for (const end = r.range(); r.more(end); ) {",
      "    const tag = r.tag();",
      code`    if (tag === ${(1 << 3) | key.wireType}) key = ${key.read((1 << 3) | key.wireType, "undefined")};`,
      code`    else if (tag === ${(2 << 3) | value.wireType}) value = ${value.read((2 << 3) | value.wireType, "value")};`,
      "    else r.skip(tag);",
      "  }",
      isClosed
        ? code`  if (${runtime("isNumberOf")}(${this.#values.type(field.enum!)}, value)) ${set} else ${runtime("keepEntry")}(r, entry, m);`
        : code`  ${set}`,
      "  break;",
      "}",
    ];
  }

  /** The type of a map's values, if the compiler would take another one. */
  #scalarType(field: DescField): Part {
    if (field.scalar === ScalarType.BYTES) return ": Uint8Array";
    return field.enum === undefined ? "" : code`: ${this.#values.type(field.enum)}`;
  }

  // JSON, and messages given in part.

  #fields(message: DescMessage): Part[] {
    const entries = message.members.map((member): Part => {
      if (member.kind !== "oneof") return this.#entry(member);
      const members = joinCode(
        member.fields.map((field) => asCode(this.#entry(field))),
        { on: ", " },
      );
      const property = this.#property(member);
      const form = this.#isUnion(member) ? "oneof" : "members";
      return code`${safeAccessor(property)}: ${runtime(form)}({ ${members} })`;
    });
    if (entries.length === 0) return ["  fields: (): object => ({}),"];
    return ["  fields: (): object => ({", ...entries.map((entry) => code`    ${entry},`), "  }),"];
  }

  #entry(field: DescField): Part {
    const property = this.#property(field);
    const kind = this.#kind(field);
    const isUsual = field.name === contractName(property) && field.jsonName === property;
    if (isUsual) return code`${safeAccessor(property)}: ${kind}`;
    const names = `${JSON.stringify(field.name)}, ${JSON.stringify(field.jsonName)}`;
    return code`${safeAccessor(property)}: ${runtime("named")}(${kind}, ${names})`;
  }

  #kind(field: DescField): Part {
    const { kind } = this.#values.of(field);
    if (field.fieldKind === "list") return code`${runtime("list")}(${kind})`;
    if (field.fieldKind === "map") {
      const form = this.#isMap(field) ? "map" : "mapObject";
      return code`${runtime(form)}(${this.#mapEntry(field).key.kind}, ${kind})`;
    }
    const isOptional =
      hasOptionalScalar(field) ||
      (field.fieldKind !== "message" &&
        (field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED ||
          (field.oneof !== undefined && !this.#isUnion(field.oneof))));
    return isOptional ? code`${runtime("optional")}(${kind})` : kind;
  }

  // Names.

  #isUnion(oneof: DescOneof): boolean {
    // A synthetic oneof is an optional field's.
    return this.#options.oneof === "union" && oneof.fields.length > 0;
  }

  #property(member: DescField | DescOneof | DescExtension): string {
    if (member.kind === "extension") return "value";
    return this.#declarations.property(member);
  }
}

/** The most members of a oneof in one switch, whose flow the compiler follows too. */
const MAX_MEMBERS = 100;

function case_(tag: number, statement: Part): Part {
  return code`case ${tag}: ${statement}; break;`;
}

function access(object: string, property: string): string {
  const safe = safeAccessor(property);
  return safe === property ? `${object}.${property}` : `${object}[${safe}]`;
}

function tagOf(field: DescField, { wireType }: { wireType: number }): number {
  return ((field.number << 3) | wireType) >>> 0;
}

/** The name in the contract that the runtime makes of a property's name: `created_at` of `createdAt`. */
function contractName(property: string): string {
  return property.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
