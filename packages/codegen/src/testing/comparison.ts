import {
  type DescMessage,
  type FileRegistry,
  fromBinary,
  fromJson,
  getExtension as theirExtension,
  hasExtension as hasTheirExtension,
  type JsonValue,
  type Message,
  toBinary,
  toJson,
} from "@bufbuild/protobuf";
import {
  fromJsonText,
  getExtension,
  hasExtension,
  type MessageType,
  setExtension,
  toJsonText,
} from "@callwire/protobuf";
import { difference } from "./difference.js";
import type { MessageMaker } from "./random-message.js";
import type { Generated, Plain } from "./suite.js";

/** Compares our code of one type with protobuf-es. */
export class Comparison {
  readonly #registry: FileRegistry;
  readonly #schema: DescMessage;
  readonly #type: MessageType<Plain>;
  readonly #generated: Generated;
  readonly #keepsUnknown: boolean;

  /** @param keepsUnknown False if the plugin was told to drop unknown fields. */
  constructor(registry: FileRegistry, schema: DescMessage, generated: Generated, keepsUnknown = true) {
    this.#registry = registry;
    this.#schema = schema;
    this.#generated = generated;
    this.#keepsUnknown = keepsUnknown;
    this.#type = generated.types.get(schema.typeName)!;
  }

  /** Takes a message of protobuf-es through our code and back, in all ways. Throws with the first difference. */
  compare(maker: MessageMaker): void {
    const schema = this.#schema;
    const type = this.#type;
    const theirs = maker.message(schema);
    const { hasNullValue } = maker;
    const bytes = toBinary(schema, theirs);
    const ours = type.decode(bytes);
    this.#isSame("decode, encode", this.#coded(ours), this.#kept(bytes));
    if (!hasNullValue)
      this.#isSame("fromPartial", this.#coded(type.fromPartial(ours)), this.#kept(bytes, false));

    // What was read may be followed by more of the same message, which is merged into it.
    const both = Buffer.concat([bytes, toBinary(schema, maker.message(schema))]);
    this.#isSame("two messages in a row", this.#coded(type.decode(both)), this.#kept(both));

    this.#compareJson(fromBinary(schema, this.#kept(bytes)), ours, hasNullValue);
    this.#compareExtensions(fromBinary(schema, this.#kept(bytes)), ours);
  }

  #compareJson(theirs: Message, ours: Plain, hasNullValue: boolean): void {
    const schema = this.#schema;
    const type = this.#type;
    const registry = this.#registry;
    const json = toJson(schema, theirs, { registry });
    const read = (value: unknown) => toBinary(schema, fromJson(schema, value as JsonValue, { registry }));
    const bytes = read(json);
    const mine = { registry: this.#generated.registry };
    this.#isSame("toJSON", read(type.toJSON(ours, mine)), bytes);
    this.#isSame("fromJSON", this.#coded(type.fromJSON(json, mine)), bytes);
    const text = toJsonText(type, ours, mine);
    this.#isSame("toJsonText", read(JSON.parse(text)), bytes);
    this.#isSame("fromJsonText", this.#coded(fromJsonText(type, text, mine)), bytes);
    this.#isEqual("JSON", type.toJSON(ours, mine), json);
    if (hasNullValue) return;
    this.#isEqual(
      "JSON with options",
      type.toJSON(ours, { ...mine, alwaysEmitImplicit: true, originalNames: true, enumsAsIntegers: true }),
      toJson(schema, theirs, {
        registry,
        alwaysEmitImplicit: true,
        useProtoFieldName: true,
        enumAsInteger: true,
      }),
    );
  }

  #compareExtensions(theirs: Message, ours: Plain): void {
    for (const extension of this.#generated.extensions) {
      if (extension.extendee !== this.#schema.typeName) continue;
      const described = this.#registry.getExtension(extension.name)!;
      const isThere = hasTheirExtension(theirs, described);
      this.#isEqual(`has ${extension.name}`, hasExtension(ours, extension), isThere);
      if (!isThere) continue;
      const copy = this.#type.create();
      setExtension(copy, extension, getExtension(ours, extension));
      const back = fromBinary(this.#schema, this.#type.encode(copy).finish());
      if (this.#keepsUnknown)
        this.#isEqual(extension.name, theirExtension(back, described), theirExtension(theirs, described));
    }
  }

  /** Our bytes as theirs: maps have an order then, and numbers that are none one form. */
  #coded(message: Plain): Uint8Array {
    return this.#normal(this.#type.encode(message).finish());
  }

  #normal(bytes: Uint8Array): Uint8Array {
    return toBinary(this.#schema, fromBinary(this.#schema, bytes));
  }

  /** Their bytes, without the fields that our message does not keep. */
  #kept(bytes: Uint8Array, readUnknownFields = this.#keepsUnknown): Uint8Array {
    return toBinary(this.#schema, fromBinary(this.#schema, bytes, { readUnknownFields }));
  }

  #isSame(what: string, ours: Uint8Array, theirs: Uint8Array): void {
    if (Buffer.from(ours).equals(theirs)) return;
    const [mine, other] = [ours, theirs].map((bytes) => fromBinary(this.#schema, bytes));
    throw new Error(`${what}: ${difference(mine, other) ?? Buffer.from(theirs).toString("hex")}`);
  }

  #isEqual(what: string, ours: unknown, theirs: unknown): void {
    const found = difference(ours, theirs);
    if (found !== undefined) throw new Error(`${what}: ${found}`);
  }
}
