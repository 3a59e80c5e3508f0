import {
  create,
  type DescExtension,
  type DescField,
  type DescMessage,
  type FileRegistry,
  type Message,
  protoInt64,
  ScalarType,
  setExtension,
  toBinary,
} from "@bufbuild/protobuf";
import { type UnknownField } from "@bufbuild/protobuf";
import { reflect, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { BinaryReader, BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Random } from "./random.js";

/** What the messages may have. */
export interface MessageLimits {
  registry: FileRegistry;
  /** False if no integer is beyond those that a number has. */
  allLongs: boolean;
  /** False if no time is finer than a millisecond. */
  allTimes: boolean;
  /** True if the message in a google.protobuf.Any may have unknown fields and extensions. */
  unknownInAny: boolean;
  /** True if extensions may be lists. */
  listExtensions: boolean;
}

/** What a registry has of the contract's own. */
interface Known {
  messages: readonly DescMessage[];
  extensions: readonly DescExtension[];
}

const knownIn = new WeakMap<FileRegistry, Known>();

function known(registry: FileRegistry): Known {
  let found = knownIn.get(registry);
  if (found === undefined) {
    const types = [...registry].filter(({ typeName }) => !typeName.startsWith("google."));
    found = {
      messages: types.filter((type) => type.kind === "message"),
      extensions: types.filter((type) => type.kind === "extension"),
    };
    knownIn.set(registry, found);
  }
  return found;
}

/** How many messages are inside one, at most: they refer to one another in circles. */
const MAX_MESSAGES = 25;
const MAX_CHAIN = 40;

const texts = [
  "",
  "a",
  "Ünïcode 😀 ",
  "x".repeat(300),
  "__proto__",
  "constructor",
  '\u0000\n"\\\u2028',
  "42",
  "-1",
];
const doubles = [0, -0, 1, -1.5, 0.1, 1e300, 5e-324, NaN, Infinity, -Infinity, 2 ** 53, 1e21, -1e-7];
const int32s = [0, 1, -1, 127, 128, 300, 2 ** 31 - 1, -(2 ** 31)];
const uint32s = [0, 1, 127, 128, 16_384, 2 ** 31, 2 ** 32 - 1];
const safeInt64s = [0n, 1n, -1n, 2n ** 31n, -(2n ** 40n), 2n ** 53n - 1n, 1n - 2n ** 53n];
const int64s = [...safeInt64s, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n + 1n];
const safeUint64s = [0n, 1n, 2n ** 32n, 2n ** 53n - 1n];
const uint64s = [...safeUint64s, 2n ** 63n, 2n ** 64n - 1n, 2n ** 56n];
/** The first second, those around 1970, and the last one. */
const timestamps = [-62_135_596_800n, -1n, 0n, 1n, 1_700_000_000n, 253_402_300_799n];
const paths = ["a", "a_b.c", "created_at", "f2"];

/** Makes messages of protobuf-es. */
export class MessageMaker {
  readonly #random: Random;
  readonly #limits: MessageLimits;
  #left = 0;
  #hasUnknown = true;

  /** True if a message has a google.protobuf.Value of null: `fromPartial` and `alwaysEmitImplicit` take it to be none. */
  hasNullValue = false;

  constructor(random: Random, limits: MessageLimits) {
    this.#random = random;
    this.#limits = limits;
  }

  /** A message of a type, with fields that are set and fields that are not, unknown ones and extensions. */
  message(type: DescMessage): Message {
    this.#left = this.#random.below(MAX_MESSAGES);
    this.hasNullValue = false;
    return type.name === "Deep" ? this.#chain(type, this.#random.below(MAX_CHAIN)) : this.#any(type);
  }

  #any(type: DescMessage): Message {
    const random = this.#random;
    this.#left--;
    const made = reflect(type, create(type));
    const isSparse = this.#left <= 0 || random.once(4);
    for (const field of type.fields) {
      const isRequired = field.presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
      if (!isRequired && (random.below(isSparse ? 6 : 3) !== 0) === isSparse) continue;
      this.#fill(made, field, isRequired);
    }
    const { message } = made;
    if (this.#hasUnknown) {
      for (const extension of known(this.#limits.registry).extensions) {
        const isMade = this.#limits.listExtensions || extension.fieldKind !== "list";
        if (isMade && extension.extendee === type && random.once(4)) this.#extend(message, extension);
      }
    }
    // A value of JavaScript that stands for a well-known type has no place for them.
    const hasPlace = !type.typeName.startsWith("google.protobuf.");
    if (this.#hasUnknown && hasPlace && random.once(6)) (message.$unknown ??= []).push(...this.#unknown());
    return message;
  }

  /** Messages in one another, in all ways that there are. */
  #chain(type: DescMessage, depth: number): Message {
    const made = reflect(type, create(type));
    made.set(type.field["end"]!, depth);
    const inside = depth === 0 ? undefined : reflect(type, this.#chain(type, depth - 1));
    if (inside === undefined) return made.message;
    const way = type.field[this.#random.pick(["deep", "more", "by", "one"])]!;
    if (way.fieldKind === "list") made.get(way).add(inside);
    else if (way.fieldKind === "map") made.get(way).set(depth, inside);
    else made.set(way, inside);
    return made.message;
  }

  #fill(message: ReflectMessage, field: DescField, isRequired = false): void {
    switch (field.fieldKind) {
      case "scalar":
      case "enum":
        message.set(field, this.#scalar(field));
        break;
      case "message":
        if (isRequired || this.#left > 0) message.set(field, this.#inside(field.message));
        break;
      case "list": {
        const list = message.get(field);
        for (let left = this.#random.below(4); left > 0; left--) {
          if (field.listKind !== "message") list.add(this.#scalar(field));
          else if (this.#left > 0) list.add(this.#inside(field.message));
        }
        break;
      }
      case "map": {
        const map = message.get(field);
        for (let left = this.#random.below(4); left > 0; left--) {
          const key = this.#number(field.mapKey) as never;
          if (field.mapKind !== "message") map.set(key, this.#scalar(field));
          else if (this.#left > 0) map.set(key, this.#inside(field.message));
        }
      }
    }
  }

  /** A value that is no message: of a field, of an item, of a map's entry. */
  #scalar(field: DescField): unknown {
    if (field.enum === undefined) return this.#number(field.scalar!);
    const { open, values } = field.enum;
    return open && this.#random.once(5) ? this.#random.pick(int32s) : this.#random.pick(values).number;
  }

  #number(type: ScalarType): unknown {
    const random = this.#random;
    switch (type) {
      case ScalarType.STRING:
        return random.pick(texts);
      case ScalarType.BYTES:
        return Uint8Array.from({ length: random.below(5) * random.below(60) }, () => random.below(256));
      case ScalarType.BOOL:
        return random.once(2);
      case ScalarType.DOUBLE:
        return random.once(2) ? random.pick(doubles) : (random.below(2 ** 32) - 2 ** 31) / 1000;
      case ScalarType.FLOAT:
        return Math.fround(random.once(2) ? random.pick(doubles) : random.below(2 ** 24) / 1000);
      case ScalarType.INT32:
      case ScalarType.SINT32:
      case ScalarType.SFIXED32:
        return random.pick(int32s);
      case ScalarType.UINT32:
      case ScalarType.FIXED32:
        return random.pick(uint32s);
      case ScalarType.UINT64:
      case ScalarType.FIXED64:
        return protoInt64.uParse(random.pick(this.#limits.allLongs ? uint64s : safeUint64s));
      default:
        return protoInt64.parse(random.pick(this.#limits.allLongs ? int64s : safeInt64s));
    }
  }

  /** A message inside another one. Those that JSON has forms for have values that have one. */
  #inside(type: DescMessage): ReflectMessage {
    const random = this.#random;
    const name = type.typeName.replace("google.protobuf.", "");
    const made = reflect(type, create(type));
    switch (name) {
      case "Timestamp":
        made.set(type.field["seconds"]!, random.pick(timestamps));
        made.set(type.field["nanos"]!, random.pick([0, 5_000_000, 999_000_000, ...this.#fineNanos()]));
        return made;
      case "Duration": {
        const sign = random.pick([1, -1]);
        made.set(type.field["seconds"]!, BigInt(sign) * random.pick([0n, 1n, 315_576_000_000n]));
        made.set(type.field["nanos"]!, sign * random.pick([1, 5_000_000, 999_999_999]));
        return made;
      }
      case "FieldMask": {
        const list = type.field["paths"]!;
        if (list.fieldKind !== "list") throw new Error("no list");
        for (let left = random.below(3); left > 0; left--) made.get(list).add(random.pick(paths));
        return made;
      }
      case "Any":
        return this.#packed(made);
      case "Value":
        this.#left--;
        this.#fillValue(made, random.pick(this.#left > 0 ? type.fields : type.fields.slice(0, 4)));
        return made;
      default:
        return reflect(type, this.#any(type));
    }
  }

  /** A value that JSON has: its numbers are finite, and its null is null. */
  #fillValue(value: ReflectMessage, field: DescField): void {
    if (field.name === "number_value") value.set(field, this.#random.pick([0, -1.5, 1e300]));
    else if (field.name === "null_value") {
      value.set(field, 0);
      this.hasNullValue = true;
    } else this.#fill(value, field);
  }

  #fineNanos(): number[] {
    return this.#limits.allTimes ? [1, 1_000, 999_999_999] : [];
  }

  #packed(any: ReflectMessage): ReflectMessage {
    const type = this.#random.pick(known(this.#limits.registry).messages);
    if (this.#left <= 0 || this.#random.once(4)) return any;
    any.set(any.desc.field["typeUrl"]!, `type.googleapis.com/${type.typeName}`);
    const { unknownInAny } = this.#limits;
    const hadUnknown = this.#hasUnknown;
    this.#hasUnknown &&= unknownInAny;
    any.set(any.desc.field["value"]!, toBinary(type, this.#any(type)));
    this.#hasUnknown = hadUnknown;
    return any;
  }

  #extend(message: Message, extension: DescExtension): void {
    const { fieldKind } = extension;
    if (fieldKind === "message") this.#extendByMessage(message, extension, this.#inside(extension.message));
    else if (fieldKind !== "list")
      setExtension(message, extension, this.#scalar(extension as unknown as DescField));
    else if (extension.listKind === "message")
      setExtension(message, extension, [this.#inside(extension.message).message]);
    else
      setExtension(
        message,
        extension,
        [0, 1, 2].map(() => this.#scalar(extension as unknown as DescField)),
      );
  }

  /** Such an extension is set in bytes: protobuf-es takes a value of JavaScript for some types. */
  #extendByMessage(
    message: Message,
    { number: no, delimitedEncoding }: DescExtension & { fieldKind: "message" },
    { desc, message: value }: ReflectMessage,
  ): void {
    const bytes = toBinary(desc, value);
    // In JSON, null is no extension.
    if (desc.typeName === "google.protobuf.Value" && bytes[0] === 8) return;
    const data = delimitedEncoding
      ? new BinaryWriter().raw(bytes).tag(no, WireType.EndGroup).finish()
      : new BinaryWriter().bytes(bytes).finish();
    const wireType = delimitedEncoding ? WireType.StartGroup : WireType.LengthDelimited;
    (message.$unknown ??= []).push({ no, wireType, data });
  }

  /** Fields that no contract here has, of every wire type. */
  #unknown(): UnknownField[] {
    const writer = new BinaryWriter();
    for (let left = 1 + this.#random.below(3); left > 0; left--) this.#unknownField(writer, 3);
    const reader = new BinaryReader(writer.finish());
    const fields: UnknownField[] = [];
    while (reader.pos < reader.len) {
      const [no, wireType] = reader.tag();
      fields.push({ no, wireType, data: reader.skip(wireType, no) });
    }
    return fields;
  }

  #unknownField(writer: BinaryWriter, depth: number): void {
    const random = this.#random;
    const no = 80_000 + random.below(2 ** 29 - 100_000);
    switch (random.below(depth === 0 ? 4 : 5)) {
      case 0:
        return void writer.tag(no, WireType.Varint).uint64(random.pick(uint64s));
      case 1:
        return void writer.tag(no, WireType.Bit64).fixed64(random.pick(uint64s));
      case 2:
        return void writer.tag(no, WireType.Bit32).fixed32(random.pick(uint32s));
      case 3:
        return void writer.tag(no, WireType.LengthDelimited).string(random.pick(texts));
      default:
        writer.tag(no, WireType.StartGroup);
        for (let left = random.below(3); left > 0; left--) this.#unknownField(writer, depth - 1);
        return void writer.tag(no, WireType.EndGroup);
    }
  }
}
