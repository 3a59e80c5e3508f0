import type { DeepPartial } from "./deep-partial.js";
import type { FieldType } from "./field-type.js";
import { fieldsOf, messageFromPartial, type MessageFields } from "./json/message-fields.js";
import type { JsonForm } from "./json/message-json.js";
import { messagePart } from "./json/message-part.js";
import type { JsonReadOptions, JsonWriteOptions } from "./json/options.js";
import { Reader } from "./reader.js";
import { Writer } from "./writer.js";

/** The parts of a message type, as generated code states them. */
export interface MessageCode<T> {
  /** Full name in the contract, as `users.User`. */
  readonly name: string;
  /** Makes a message whose fields have their defaults. */
  create(): T;
  /** Writes the fields of a message, in the order of their numbers. */
  write(message: T, writer: Writer): void;
  /** Reads fields into a message up to the reader's limit. */
  read(message: T, reader: Reader): void;
  /**
   * All fields: FieldTypes. Called once, when they are needed first: types may refer to one another in circles. A compiler that
   * compared each of them with that type would take longer for generated code.
   */
  fields(): object;
  /** The form of the message in JSON, if it is a well-known type and not an object of its fields. */
  readonly json?: JsonForm<T>;
}

/** The type of a message: what generated code exports under the message's name. Its functions may be taken off it. */
export interface MessageType<T> extends FieldType<T> {
  /** Full name in the contract, as `users.User`. */
  readonly typeName: string;

  /** Makes a message. What is not given has its default. */
  create(base?: DeepPartial<T>): T;

  /** Makes a message of the parts of one, which are copied. What is not given, or is null, has its default. */
  fromPartial(object: DeepPartial<T>): T;

  /**
   * Writes a message in the binary format: `User.encode(user).finish()` is its bytes.
   *
   * @param writer Default: one of its own.
   * @throws {ProtobufError} for a value that is out of the range of its type.
   */
  encode(message: T, writer?: Writer): Writer;

  /**
   * Reads a message in the binary format. Its `bytes` fields are views of the input.
   *
   * @param length The number of bytes. Default: up to the end of the input.
   * @throws {ProtobufError} if the bytes are not a valid message.
   */
  decode(input: Reader | Uint8Array, length?: number): T;

  /**
   * The message in protobuf's JSON format (ProtoJSON), as a value for `JSON.stringify`.
   *
   * @throws {JsonError} for a value that has no form there.
   */
  toJSON(message: T, options?: JsonWriteOptions): unknown;

  /**
   * Reads a message in protobuf's JSON format (ProtoJSON), as `JSON.parse` returns it.
   *
   * @throws {JsonError} with the path of the field, if it is no such message.
   */
  fromJSON(json: unknown, options?: JsonReadOptions): T;

  /**
   * The fields, by their names in JSON and in the contract: for what takes a message apart that it does not know, as a router of
   * HTTP does. Undefined for a well-known type whose JSON is no object of its fields.
   *
   * @param all True for the fields of such a type too, by their names in the contract. Default: false.
   */
  fields(all?: boolean): MessageFields | undefined;

  /** Writes the fields of a message, in the order of their numbers. Called by generated code. */
  write(message: T, writer: Writer): void;

  /** Reads fields into a message up to the reader's limit. Called by generated code. */
  read(message: T, reader: Reader): void;

  /** The number of bytes that the length of the last message of this type took inside another one: a guess for the next. */
  lengthSize: number;
}

/** All types that were made here. */
const messageTypes = new WeakSet<object>();

/** True if a type is one that `messageType` made, as it was made: not a copy with a part of another. */
export function isMessageType(type: object): boolean {
  return messageTypes.has(type);
}

/**
 * Puts the code of JSON into a bundle for browsers: call it once, before the first `toJSON`, `fromJSON` or `fields`. A page that does
 * not call it loads no JSON, and these throw an error that says so. `toJsonText` and its like need no call. Everywhere else JSON is
 * always there, and this does nothing.
 */
export function enableJson(): void {}

let idleReader: Reader | undefined;

/** Makes the type of a message from its code. Called by generated code. */
export function messageType<T extends object>(code: MessageCode<T>): MessageType<T> {
  const { create, write, read, json } = code;
  const fromPartial = (object: unknown): T => messageFromPartial(fieldsOf(code), create(), object as object);
  const type: MessageType<T> = {
    typeName: code.name,
    lengthSize: 1,
    takesNull: json?.takesNull ?? false,
    create: (base) => (base === undefined ? create() : fromPartial(base)),
    fromPartial,
    encode(message, writer = new Writer()) {
      write(message, writer);
      return writer;
    },
    decode(input, length) {
      const message = create();
      if (input instanceof Reader) {
        const { limit } = input;
        if (length !== undefined) input.limit = input.position + length;
        if (input.limit > limit) throw new RangeError(`no message of ${length} bytes at ${input.position}`);
        read(message, input);
        input.limit = limit;
        return message;
      }
      // One that is needed meanwhile, or after an error, is another one.
      const reader = idleReader ?? new Reader();
      idleReader = undefined;
      reader.begin(input, 0, length ?? input.length);
      read(message, reader);
      reader.release();
      idleReader = reader;
      return message;
    },
    write,
    read,
    // Last: V8 keeps what stands before it inside the object.
    ...messagePart(code),
  };
  messageTypes.add(type);
  return type;
}
