import type { MethodDescriptor } from "nice-grpc-common";
import { keepBytes } from "../http2/socket-reader.js";
import { codecOf, type MessageCodec, type MessageType } from "../protobuf/message-codec.js";
import type { ProtoWriter } from "../protobuf/proto-writer.js";

/** Encodes and decodes the messages of one type. */
export interface Codec {
  /** Writes a message at the writer's position. */
  encode(message: unknown, writer: ProtoWriter): void;
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

/** The methods of a definition of any of the forms that nice-grpc takes: ts-proto's, grpc-js's and its own. */
export function methodsOf(definition: object): Method[] {
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
  /** True if the last message was partial: then the next is likely to be. */
  #partial = false;

  constructor(type: TsProtoType) {
    this.#type = type;
    this.#codec = codecOf<unknown>(type);
  }

  encode(message: unknown, writer: ProtoWriter): void {
    const codec = this.#codec;
    if (this.#type.fromPartial === undefined) {
      codec.encode(message, writer);
      return;
    }
    if (!this.#partial) {
      try {
        codec.encode(message, writer);
        return;
      } catch {
        // The writer takes no undefined: a field is missing, or the message is wrong, which fromPartial does not mend.
        writer.restart();
      }
    }
    codec.encode(this.#type.fromPartial(message), writer);
    this.#partial = true;
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

  encode(message: unknown, writer: ProtoWriter): void {
    writer.raw(this.#serialize(message));
  }

  decode(buffer: Buffer, start: number, end: number): unknown {
    return this.#deserialize(keepBytes(buffer, start, end));
  }
}
