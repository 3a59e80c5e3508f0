import type { Writer } from "@callwire/protobuf";
import type { MethodDescriptor } from "nice-grpc-common";
import { keepBytes } from "../http2/socket-reader.js";
import type { ServiceDefinition } from "./definition-types.js";
import { checkDefinition } from "./check-definition.js";
import { checkMessage } from "./check-message.js";
import { codecOf, type MessageCodec, type MessageType } from "../protobuf/message-codec.js";
import { refusePromise } from "../protobuf/refuse-promise.js";
import { namedFault } from "./encode-fault.js";
import { inheritedNames, inheritsField, withOwnFields } from "./own-fields.js";

/** Encodes and decodes the messages of one type. */
export interface Codec {
  /** Writes a message at the writer's position. */
  encode(message: unknown, writer: Writer): void;
  /** Reads the message at `start` to `end` of `buffer`. */
  decode(buffer: Buffer, start: number, end: number): unknown;
}

/** A method of a service, whatever form its definition has. */
export interface Method {
  /** Its name in the definition, and that of its handler. */
  name: string;
  descriptor: MethodDescriptor;
  request: Codec;
  response: Codec;
}

/** A method of a definition made by ts-proto (`outputServices=generic-definitions`). */
interface TsProtoMethod {
  name: string;
  requestType: TsProtoType;
  requestStream: boolean;
  responseType: TsProtoType;
  responseStream: boolean;
  options: MethodDescriptor["options"];
}

type TsProtoType = MessageType<unknown> & { fromPartial?(object: unknown): unknown };

/** A method of a definition of nice-grpc's own form, or of grpc-js's, which has no `options`. */
interface SerializingMethod {
  path: string;
  requestStream: boolean;
  responseStream: boolean;
  requestSerialize(value: unknown): Uint8Array;
  requestDeserialize(bytes: Buffer): unknown;
  responseSerialize(value: unknown): Uint8Array;
  responseDeserialize(bytes: Buffer): unknown;
  options?: MethodDescriptor["options"] & {
    /** As @grpc/proto-loader has it: the enum's name, or with `enums: Number` its number. */
    idempotency_level?: unknown;
  };
}

/**
 * The methods of a definition of any of the forms that nice-grpc takes: ts-proto's, grpc-js's and its own.
 *
 * @throws {TypeError} that says what is no definition.
 */
export function methodsOf(definition: object): Method[] {
  checkDefinition(definition);
  if ("fullName" in definition && "methods" in definition) {
    const { fullName, methods } = definition as { fullName: string; methods: Record<string, TsProtoMethod> };
    return Object.entries(methods).map(([name, method]) => ({
      name,
      descriptor: {
        path: `/${fullName}/${method.name}`,
        requestStream: method.requestStream,
        responseStream: method.responseStream,
        options: method.options,
      },
      request: new TsProtoCodec(method.requestType),
      response: new TsProtoCodec(method.responseType),
    }));
  }
  return Object.entries(definition as Record<string, SerializingMethod>).map(([name, method]) => ({
    name,
    descriptor: {
      path: method.path,
      requestStream: method.requestStream,
      responseStream: method.responseStream,
      options: optionsOf(method.options),
    },
    request: new SerializingCodec(method.requestSerialize, method.requestDeserialize),
    response: new SerializingCodec(method.responseSerialize, method.responseDeserialize),
  }));
}

/**
 * The definition of the same methods for nice-grpc, whose messages are bytes: for runtimes that code them by themselves. Its keys
 * are the methods' paths, since an object of nice-grpc's cannot have every name that a method can, such as `__proto__`.
 */
export function bytesDefinition(methods: readonly Method[]): ServiceDefinition {
  const asItIs = (bytes: unknown) => bytes as Buffer;
  const coders = {
    requestSerialize: asItIs,
    requestDeserialize: asItIs,
    responseSerialize: asItIs,
    responseDeserialize: asItIs,
  };
  return Object.fromEntries(methods.map(({ descriptor }) => [descriptor.path, { ...descriptor, ...coders }]));
}

/** The levels of google.protobuf.MethodOptions.IdempotencyLevel, by their numbers. */
const LEVELS = [undefined, "NO_SIDE_EFFECTS", "IDEMPOTENT"] as const;

/** A method's options, with the level of a method that may be sent twice under ts-proto's name for it. */
function optionsOf(options: SerializingMethod["options"] = {}): MethodDescriptor["options"] {
  const { idempotencyLevel, idempotency_level: level } = options;
  const found = LEVELS.find((name, number) => name !== undefined && (level === name || level === number));
  return idempotencyLevel !== undefined || found === undefined
    ? options
    : { ...options, idempotencyLevel: found };
}

/** Takes partial messages, as nice-grpc does with the types of ts-proto. */
class TsProtoCodec implements Codec {
  readonly #type: TsProtoType;
  readonly #codec: MessageCodec<unknown>;
  /** The type's fields whose names every object inherits, such as `toString`; found out with the first message. */
  #inherited: readonly string[] | undefined;
  /** True if the last message was partial: then the next is likely to be. */
  #partial = false;

  constructor(type: TsProtoType) {
    this.#type = type;
    this.#codec = codecOf<unknown>(type);
  }

  encode(message: unknown, writer: Writer): void {
    const codec = this.#codec;
    const type = this.#type;
    if (type.fromPartial === undefined) {
      codec.encode(message, writer);
      return;
    }
    checkMessage(message);
    this.#inherited ??= inheritedNames(type.fromPartial(Object.create(null)));
    if (this.#inherited.length > 0 && inheritsField(message, this.#inherited)) {
      codec.encode(type.fromPartial(withOwnFields(message)), writer);
      return;
    }
    if (!this.#partial) {
      try {
        codec.encode(message, writer);
        // A oneof that names none of its members is written as nothing, and refused by fromPartial.
        if (writer.length === 0 && Object.keys(message as object).length > 0) type.fromPartial(message);
        return;
      } catch {
        // The writer takes no undefined: a field is missing, or the message is wrong, which fromPartial does not mend.
        writer.restart();
      }
    }
    try {
      codec.encode(type.fromPartial(message), writer);
    } catch {
      // A message inside of it may lack a field whose name every object inherits.
      writer.restart();
      this.#encodeOrName(withOwnFields(message), writer);
    }
    this.#partial = true;
  }

  #encodeOrName(message: unknown, writer: Writer): void {
    const encode = (partial: unknown): void => this.#codec.encode(this.#type.fromPartial!(partial), writer);
    try {
      encode(message);
    } catch (error) {
      throw namedFault(error, message, (partial) => {
        writer.restart();
        encode(partial);
      });
    }
  }

  decode(buffer: Buffer, start: number, end: number): unknown {
    return this.#codec.decode(buffer, start, end, keepBytes);
  }
}

class SerializingCodec implements Codec {
  readonly #serialize: (value: unknown) => Uint8Array;
  readonly #deserialize: (bytes: Buffer) => unknown;

  constructor(serialize: (value: unknown) => Uint8Array, deserialize: (bytes: Buffer) => unknown) {
    this.#serialize = serialize;
    this.#deserialize = deserialize;
  }

  encode(message: unknown, writer: Writer): void {
    const bytes = this.#serialize(message);
    refusePromise("serialize", bytes);
    writer.raw(bytes);
  }

  decode(buffer: Buffer, start: number, end: number): unknown {
    const message = this.#deserialize(keepBytes(buffer, start, end));
    refusePromise("deserialize", message);
    return message;
  }
}
