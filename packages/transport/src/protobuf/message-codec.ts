import {
  isMessageType,
  ProtobufError,
  Reader,
  viewBytes,
  Writer,
  type MessageType as OwnType,
  type TakeBytes,
} from "@callwire/protobuf";
import { bufferOf } from "./buffer-of.js";
import { standInForInstalledReader } from "./installed-reader.js";
import { refusePromise } from "./refuse-promise.js";
import { TsProtoReader } from "./ts-proto-reader.js";
import { TsProtoWriter } from "./ts-proto-writer.js";

/**
 * The part of a message type that coding needs: of protoc-gen-callwire's, of ts-proto's, and of others of this shape. Its
 * `encode` takes a writer and its `decode` a reader, of the protobuf runtime that the code was generated for.
 */
export interface MessageType<T> {
  encode(message: T, writer?: object): { finish(): Uint8Array };
  decode(input: Uint8Array, length?: number): T;
}

/** A field that no message has: its number, 19000, is in the range that protobuf keeps for itself. Its value is 0. */
const RESERVED_FIELD = Buffer.of(0xc0, 0xa3, 0x09, 0x00);

/**
 * Encodes and decodes the messages of one type with the {@link Writer} and {@link Reader} of @callwire/protobuf: directly, if
 * the type's code was generated for them; through {@link TsProtoWriter} and {@link TsProtoReader}, if ts-proto made it. Code
 * that was generated for another runtime (protobufjs, or a copy of @bufbuild/protobuf that this package does not see) is used
 * as it is, with its own writer and reader, slower and as strict as they are.
 */
export interface MessageCodec<T> {
  /** Writes a message at the writer's position. What the type's code throws comes through. */
  encode(message: T, writer: Writer): void;

  /**
   * Reads the message in the bytes of `buffer` from `start` to `end`. Its `bytes` fields are views of `buffer`,
   * unless `take` makes something else of them.
   *
   * @throws {ProtobufError} if the bytes are not a valid message, or hold a value that the type does not take.
   */
  decode(buffer: Buffer, start: number, end: number, take?: TakeBytes): T;
}

function makeCodec<T>(type: MessageType<T>): MessageCodec<T> {
  if (isMessageType(type)) return new OwnCodec(type as unknown as OwnType<T>);
  if (takesReader(type, new Reader())) return new DerivedCodec(type);
  const takesTsProtos = () => takesReader(type, new TsProtoReader());
  if (takesTsProtos() || (standInForInstalledReader() && takesTsProtos())) return new TsProtoCodec(type);
  return new ForeignCodec(type);
}

/** The error that a type's code threw, as one that says where. */
function protobufError(error: unknown, position?: number): ProtobufError {
  if (error instanceof ProtobufError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ProtobufError(reason, position, { cause: error });
}

let idleReader: Reader | undefined;

/** A type that protoc-gen-callwire made. */
class OwnCodec<T> implements MessageCodec<T> {
  readonly #type: OwnType<T>;

  constructor(type: OwnType<T>) {
    this.#type = type;
  }

  encode(message: T, writer: Writer): void {
    this.#type.write(message, writer);
  }

  decode(buffer: Buffer, start: number, end: number, take = viewBytes): T {
    // One that is needed meanwhile, by code that the type's code calls, is another one.
    const reader = idleReader ?? new Reader();
    idleReader = undefined;
    try {
      const message = this.#type.create();
      this.#type.read(message, reader.begin(buffer, start, end, take));
      return message;
    } catch (error) {
      throw protobufError(error, reader.position);
    } finally {
      reader.release();
      idleReader = reader;
    }
  }
}

/** A type made of one of protoc-gen-callwire's, with another `encode` or `decode`: these take our writer and reader. */
class DerivedCodec<T> implements MessageCodec<T> {
  readonly #type: MessageType<T>;

  constructor(type: MessageType<T>) {
    this.#type = type;
  }

  encode(message: T, writer: Writer): void {
    const result: unknown = this.#type.encode(message, writer);
    if (result !== writer) refusePromise("encode", result);
  }

  decode(buffer: Buffer, start: number, end: number, take = viewBytes): T {
    const reader = idleReader ?? new Reader();
    idleReader = undefined;
    try {
      const message = this.#type.decode(reader.begin(buffer, start, end, take) as unknown as Uint8Array);
      refusePromise("decode", message);
      return message;
    } catch (error) {
      throw protobufError(error, reader.position);
    } finally {
      reader.release();
      idleReader = reader;
    }
  }
}

let idleTsProtoReader: TsProtoReader | undefined;
let idleTsProtoWriter: TsProtoWriter | undefined;

/** A type that ts-proto made. */
class TsProtoCodec<T> implements MessageCodec<T> {
  readonly #type: MessageType<T>;
  readonly #keepsSkipped: boolean;

  constructor(type: MessageType<T>) {
    this.#type = type;
    this.#keepsSkipped = keepsUnknownFields(type);
  }

  encode(message: T, writer: Writer): void {
    // An encoder that encodes another message needs another one.
    const theirs = idleTsProtoWriter ?? new TsProtoWriter();
    idleTsProtoWriter = undefined;
    const result: unknown = this.#type.encode(message, theirs.begin(writer));
    idleTsProtoWriter = theirs;
    if (result !== theirs) refusePromise("encode", result);
  }

  decode(buffer: Buffer, start: number, end: number, take = viewBytes): T {
    const reader = idleTsProtoReader ?? new TsProtoReader();
    idleTsProtoReader = undefined;
    try {
      reader.keepsSkipped = this.#keepsSkipped;
      const message = this.#type.decode(reader.begin(buffer, start, end, take) as unknown as Uint8Array);
      refusePromise("decode", message);
      reader.end();
      return message;
    } catch (error) {
      throw protobufError(error, reader.pos);
    } finally {
      reader.release();
      idleTsProtoReader = reader;
    }
  }
}

/** A type of another runtime. */
class ForeignCodec<T> implements MessageCodec<T> {
  readonly #type: MessageType<T>;

  constructor(type: MessageType<T>) {
    this.#type = type;
  }

  encode(message: T, writer: Writer): void {
    const coded = this.#type.encode(message);
    refusePromise("encode", coded);
    writer.raw(coded.finish());
  }

  decode(buffer: Buffer, start: number, end: number, take = viewBytes): T {
    try {
      const message = this.#type.decode(take(buffer, start, end));
      refusePromise("decode", message);
      return message;
    } catch (error) {
      throw protobufError(error);
    }
  }
}

const codecs = new WeakMap<object, MessageCodec<never>>();

/** The codec of a type: always the same one. */
export function codecOf<T>(type: MessageType<T>): MessageCodec<T> {
  let codec = codecs.get(type) as MessageCodec<T> | undefined;
  if (codec === undefined) {
    codec = makeCodec(type);
    codecs.set(type, codec as MessageCodec<never>);
  }
  return codec;
}

/**
 * Encodes one message. The result is cut from a larger piece of memory, as with `Buffer.from`, and nobody else writes to
 * it. A caller with a buffer of its own writes there with {@link codecOf} and saves the cut.
 */
export function encodeMessage<T>(type: MessageType<T>, message: T): Buffer {
  const codec = codecOf(type);
  const writer = new Writer();
  codec.encode(message, writer);
  return bufferOf(writer.finish());
}

/**
 * Decodes one message. Its `bytes` fields are views of `bytes`.
 *
 * @throws {ProtobufError} if the bytes are not a valid message, or hold a value that the type does not take.
 */
export function decodeMessage<T>(type: MessageType<T>, bytes: Uint8Array): T {
  return codecOf(type).decode(bufferOf(bytes), 0, bytes.length);
}

/** True if a type's `decode` keeps the bytes of fields that it does not know, as ts-proto's does if it is told to. */
function keepsUnknownFields(type: MessageType<unknown>): boolean {
  const skipped = Buffer.alloc(1);
  const reader = new TsProtoReader().begin(RESERVED_FIELD, 0, RESERVED_FIELD.length, () => skipped);
  try {
    return holds(type.decode(reader as unknown as Uint8Array), skipped, 4);
  } catch {
    return true;
  }
}

/** True if a value is this one, or has it inside at some depth. */
function holds(value: unknown, wanted: unknown, depth: number): boolean {
  if (value === wanted) return true;
  if (typeof value !== "object" || value === null || depth === 0) return false;
  const inside = value instanceof Map ? Array.from(value.values()) : Object.values(value);
  return inside.some((each) => holds(each, wanted, depth - 1));
}

/** A reader of either kind, that begins with some bytes and says where it is. */
interface ProbedReader {
  begin(buffer: Uint8Array, start: number, end: number): object;
  position?: number;
  pos?: number;
}

/** True if a type's `decode` reads from a reader of ours. */
function takesReader(type: MessageType<unknown>, reader: ProbedReader): boolean {
  try {
    reader.begin(RESERVED_FIELD, 0, RESERVED_FIELD.length);
    type.decode(reader as unknown as Uint8Array);
    return (reader.position ?? reader.pos) === RESERVED_FIELD.length;
  } catch {
    return false;
  }
}
