/** Numbers that look random and come alike from one seed (mulberry32). */
export class Random {
  #state: number;

  constructor(seed: number) {
    this.#state = seed;
  }

  /** An integer from 0 to below `limit`. */
  below(limit: number): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) % limit;
  }

  pick<T>(from: readonly T[]): T {
    return from[this.below(from.length)]!;
  }
}

const scalars =
  "double float int32 int64 uint32 uint64 sint32 sint64 fixed32 fixed64 sfixed32 sfixed64 bool string bytes".split(
    " ",
  );
const keys = scalars.filter((type) => !/double|float|bytes/.test(type));
const wellKnown =
  "Timestamp Duration FieldMask StringValue Int64Value BytesValue BoolValue DoubleValue UInt32Value".split(
    " ",
  );

export type Syntax = "proto2" | "proto3" | "edition 2023";

const heads: Record<Syntax, string> = {
  proto2: 'syntax = "proto2";',
  proto3: 'syntax = "proto3";',
  "edition 2023": 'edition = "2023";',
};

/** A contract of a few messages, with all kinds of fields, that refer to one another in circles. */
export function randomContract(random: Random, syntax: Syntax, messages = 4): string {
  const singular = () => {
    if (syntax === "proto2") return random.pick(["optional ", "optional ", "required "]);
    return syntax === "proto3" ? random.pick(["", "", "optional "]) : "";
  };
  const type = () => {
    const kind = random.below(10);
    if (kind < 6) return random.pick(scalars);
    if (kind < 7) return `google.protobuf.${random.pick(wellKnown)}`;
    return kind < 8 ? "Kind" : `M${random.below(messages)}`;
  };
  const features = () => {
    if (syntax !== "edition 2023") return "";
    return random.pick(["", "", " [features.field_presence = IMPLICIT]"]);
  };
  const message = (name: string) => {
    let number = 0;
    const next = () => (number += 1 + random.below(random.pick([1, 3, 40, 3000])));
    const lines: string[] = [];
    for (let index = 0; index < 12; index++) {
      const field = `f_${index}`;
      const kind = random.below(8);
      if (kind === 0) lines.push(`map<${random.pick(keys)}, ${type()}> ${field} = ${next()};`);
      else if (kind <= 2) {
        lines.push(`repeated ${type()} ${field} = ${next()};`);
      } else if (kind === 3) {
        lines.push(`oneof o_${index} { ${type()} a${index} = ${next()}; ${type()} b${index} = ${next()}; }`);
      } else {
        const of = type();
        const isScalar = scalars.includes(of) || of === "Kind";
        // A message that requires itself has no end.
        const label = singular().replace("required ", isScalar ? "required " : "optional ");
        lines.push(`${label}${of} ${field} = ${next()}${isScalar ? features() : ""};`);
      }
    }
    if (syntax === "proto2")
      lines.push(`optional group Group${name} = ${next()} { optional string text = 1; }`);
    if (syntax === "edition 2023") {
      lines.push(`M0 delimited = ${next()} [features.message_encoding = DELIMITED];`);
      lines.push(`repeated sint64 loose = ${next()} [features.repeated_field_encoding = EXPANDED];`);
    }
    return `message ${name} {\n  ${lines.join("\n  ")}\n}`;
  };
  const imports = ["timestamp", "duration", "field_mask", "wrappers"].map(
    (name) => `import "google/protobuf/${name}.proto";`,
  );
  const all = Array.from({ length: messages }, (_, index) => message(`M${index}`));
  return [
    heads[syntax],
    "package random;",
    ...imports,
    "enum Kind { NONE = 0; ONE = 1; MINUS = -1; MANY = 77777; }",
    ...all,
  ].join("\n");
}
