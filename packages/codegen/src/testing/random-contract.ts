import type { Random } from "./random.js";

export type Syntax = "proto2" | "proto3" | "edition 2023";

/** A contract as text. All its messages stand in `package`. */
export interface Contract {
  path: string;
  package: string;
  syntax: Syntax;
  text: string;
}

const scalars =
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(
    " ",
  );
const mapKeys = scalars.filter((type) => !/double|float|bytes/.test(type));
const wellKnown = (
  "Timestamp Duration FieldMask Struct Value ListValue Any Empty DoubleValue FloatValue Int32Value UInt32Value Int64Value " +
  "UInt64Value BoolValue StringValue BytesValue"
)
  .split(" ")
  .map((name) => `google.protobuf.${name}`);
const imports = "any duration empty field_mask struct timestamp wrappers".split(" ");

const heads: Record<Syntax, string> = {
  proto2: 'syntax = "proto2";',
  proto3: 'syntax = "proto3";',
  "edition 2023": 'edition = "2023";',
};

/** Parts of names that TypeScript, JSON and the contract write in other ways. */
const prefixes = ["f", "f_", "_f", "F", "aB", "x__", "URL_", "a_1_"];
const suffixes = ["", "", "_", "_ab", "Ab", "_A_b", "_1"];

/** What a default may be, as the contract writes it (protobuf.dev, "Protobuf Language Specification"). */
const defaults: Record<string, readonly string[]> = {
  double: ["-1.5", "inf", "-inf", "nan", "1e300"],
  float: ["0.1", "inf", "nan"],
  int32: ["-2147483648", "7"],
  int64: ["-9223372036854775808", "7"],
  uint64: ["18446744073709551615"],
  bool: ["true"],
  string: ['"a\\"\\\\\\n`${x}"', '"é😀"'],
  bytes: ['"\\000\\377a"'],
  Kind: ["MANY", "MINUS"],
};

/** Makes the fields of one message. */
class FieldWriter {
  readonly #random: Random;
  readonly #syntax: Syntax;
  readonly #messages: readonly string[];
  readonly #areExtensions: boolean;
  #number = 0;

  /** @param areExtensions True for fields that have presence, and no other name in JSON. */
  constructor(random: Random, syntax: Syntax, messages: readonly string[], areExtensions = false) {
    this.#random = random;
    this.#syntax = syntax;
    this.#messages = messages;
    this.#areExtensions = areExtensions;
  }

  /** The lines of `count` fields or oneofs, in any order of their numbers. */
  lines(count: number): string[] {
    return Array.from({ length: count }, (_, index) => this.#line(index));
  }

  /** A number that the message does not have yet. */
  next(): number {
    this.#number += 1 + this.#random.below(this.#random.pick([1, 1, 3, 20, 3000]));
    // A range of protobuf's own.
    if (this.#number >= 19_000 && this.#number < 20_000) this.#number = 20_000;
    return this.#number;
  }

  type(): string {
    const kind = this.#random.below(12);
    if (kind < 7) return this.#random.pick(scalars);
    if (kind < 8) return this.#random.pick(wellKnown);
    if (kind < 10) return this.#random.pick(["Kind", "Kind", "Alias", "Leaf.Inner"]);
    return this.#random.pick(this.#messages);
  }

  /** A field without a oneof: label, type, name, number, options. */
  field(name: string, label: string, type = this.type(), number = this.next()): string {
    const options = this.#options(label, type);
    return `${label}${type} ${name} = ${number}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`;
  }

  #name(index: number): string {
    const two = String(index).padStart(2, "0");
    return `${this.#random.pick(prefixes)}${two}${this.#random.pick(suffixes)}`;
  }

  #line(index: number): string {
    const name = this.#name(index);
    const kind = this.#random.below(9);
    if (kind === 0) {
      // The first value of an enum is 0 in a map: protoc refuses others.
      const value = this.type().replace("Alias", "Kind");
      return `map<${this.#random.pick(mapKeys)}, ${value}> ${name} = ${this.next()};`;
    }
    if (kind <= 2) return this.field(name, "repeated ");
    if (kind === 3) return this.#oneof(index);
    if (kind === 4 && this.#syntax === "proto2") {
      const label = this.#random.pick(["optional", "repeated", "required"]);
      return `${label} group Group${index} = ${this.next()} { optional string text = 1; repeated Kind kinds = 2; }`;
    }
    return this.#singular(name);
  }

  #singular(name: string): string {
    const label = { proto2: ["optional ", "required "], proto3: ["", "", "optional "], "edition 2023": [""] };
    const chosen = this.#random.pick(label[this.#syntax]);
    const type = this.type();
    return this.field(name, chosen === "required " && isMessage(type) ? "optional " : chosen, type);
  }

  #oneof(index: number): string {
    const members = Array.from({ length: 1 + this.#random.below(4) }, (_, member) => {
      if (this.#syntax === "proto2" && this.#random.once(5)) {
        return `group Choice${index}x${member} = ${this.next()} { optional sint32 number = 1; }`;
      }
      return `${this.type()} m${index}x${member} = ${this.next()};`;
    });
    return `oneof o_${index} { ${members.join(" ")} }`;
  }

  #options(label: string, type: string): string[] {
    const options: string[] = [];
    const random = this.#random;
    const isScalar = !isMessage(type);
    const isPackable = isScalar && type !== "string" && type !== "bytes";
    if (!this.#areExtensions && random.once(12)) options.push(`json_name = "@${random.below(1e9)} '\\"\\\\"`);
    if (this.#syntax === "edition 2023") options.push(...this.#features(label, type, isPackable));
    else if (label === "repeated " && isPackable && random.once(2))
      options.push(`packed = ${random.once(2)}`);
    const known = Object.hasOwn(defaults, type) ? defaults[type] : undefined;
    if (this.#syntax === "proto2" && label === "optional " && known !== undefined && random.once(3))
      options.push(`default = ${random.pick(known)}`);
    return options;
  }

  #features(label: string, type: string, isPackable: boolean): string[] {
    const random = this.#random;
    if (label === "repeated ")
      return isPackable && random.once(2) ? ["features.repeated_field_encoding = EXPANDED"] : [];
    if (isMessage(type)) return random.once(3) ? ["features.message_encoding = DELIMITED"] : [];
    if (this.#areExtensions) return [];
    // A closed enum has presence: its default may be no zero.
    const presence =
      type === "Alias" ? ["EXPLICIT"] : ["EXPLICIT", "EXPLICIT", "IMPLICIT", "LEGACY_REQUIRED"];
    const chosen = random.pick(presence);
    return chosen === "EXPLICIT" ? [] : [`features.field_presence = ${chosen}`];
  }
}

/** True for the name of a message, as this contract writes it. */
function isMessage(type: string): boolean {
  return !scalars.includes(type) && !["Kind", "Alias", "Leaf.Inner"].includes(type);
}

/**
 * A contract with all kinds of fields: messages that refer to one another in circles, and to those of contracts before.
 *
 * @param before Its files are imported. No enum of theirs is used: proto3 takes no closed one.
 */
export function randomContract(
  random: Random,
  syntax: Syntax,
  name: string,
  before: readonly Contract[],
): Contract {
  const messages = [
    "M0",
    "M1",
    "M2",
    "M0.Nested",
    "Leaf",
    "Deep",
    ...before.map((other) => `${other.package}.M0`),
  ];
  const optional = syntax === "proto2" ? "optional " : "";
  const message = (title: string, count: number, inside = "") => {
    const fields = new FieldWriter(random, syntax, messages);
    const lines = fields.lines(count).toSorted(() => random.below(3) - 1);
    // proto3 has no extensions but those of options.
    const more = syntax === "proto3" ? [] : ["extensions 60000 to 70000;"];
    return `message ${title} {\n  ${[...lines, fields.field("last", optional, "int32", 536_870_911), ...more, inside].join("\n  ")}\n}`;
  };
  const closed = syntax === "edition 2023" ? "option features.enum_type = CLOSED; " : "";
  const required = {
    proto2: "required int64 id = 1;",
    proto3: "int64 id = 1;",
    "edition 2023": "int64 id = 1 [features.field_presence = LEGACY_REQUIRED];",
  };
  const first = syntax === "proto3" ? "NIL = 0; FIVE = 5;" : "FIVE = 5; NIL = 0;";
  const text = [
    heads[syntax],
    `package ${name};`,
    ...imports.map((each) => `import "google/protobuf/${each}.proto";`),
    ...before.map(({ path }) => `import "${path}";`),
    "enum Kind { NONE = 0; ONE = 1; MINUS = -1; MANY = 77777; LEAST = -2147483648; }",
    `enum Alias { ${closed}option allow_alias = true; ${first} CINQ = 5; SIX = 6; }`,
    `message Leaf { enum Inner { ZERO = 0; class = 1; name = 2; } ${required[syntax]} ${optional}Inner inner = 2; }`,
    `message Deep { ${optional}Deep deep = 1; repeated Deep more = 2; map<int32, Deep> by = 3; ${optional}int32 end = 4; oneof o { Deep one = 5; Leaf leaf = 6; } }`,
    message("M0", 14, message("Nested", 4)),
    message("M1", 14),
    message("M2", 14),
    ...(syntax === "proto3" ? [] : [extensions(random, syntax, messages)]),
  ].join("\n");
  return { path: `${name}.proto`, package: name, syntax, text };
}

function extensions(random: Random, syntax: Syntax, messages: readonly string[]): string {
  const fields = new FieldWriter(random, syntax, messages, true);
  const labels = syntax === "proto2" ? ["optional ", "repeated "] : ["", "repeated "];
  const lines = Array.from({ length: 8 }, (_, index) =>
    fields.field(`ext_${index}`, random.pick(labels), fields.type(), 60_000 + index),
  );
  return `extend M0 { ${lines.join(" ")} }`;
}
