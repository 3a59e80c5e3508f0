import { Reader } from "@callwire/protobuf";

/** One .proto file, as a google.protobuf.FileDescriptorProto describes it. */
export interface DescriptorFile {
  name: string;
  /** The serialized FileDescriptorProto, as the compiler wrote it. */
  bytes: Buffer;
  /** The names of the files that it imports. */
  imports: string[];
  /** The full names of all that it declares: types, services, and members of them like `pkg.Service.Method`. */
  symbols: string[];
  /** The full names of its message types. */
  messages: string[];
  extensions: Extension[];
}

/** A field that a file adds to a message type. */
export interface Extension {
  /** The full name of the message type. */
  extendee: string;
  number: number;
}

/**
 * Reads a serialized google.protobuf.FileDescriptorSet, only as far as reflection needs it. Throws a ProtobufError if the
 * bytes are none.
 */
export function readDescriptorSet(descriptorSet: Uint8Array): DescriptorFile[] {
  return Array.from(messagesIn(descriptorSet, SET.file), readFile);
}

// The numbers of the fields in google/protobuf/descriptor.proto. A name is field 1 of whatever has one.
const NAME = 1;
const SET = { file: 1 };
const FILE = { package: 2, dependency: 3, message: 4, enum: 5, service: 6, extension: 7 };
const MESSAGE = { field: 2, nested: 3, enum: 4, extension: 6, oneof: 8 };
const FIELD = { extendee: 2, number: 3 };
const ENUM = { value: 2 };
const SERVICE = { method: 2 };

function readFile(bytes: Buffer): DescriptorFile {
  const file: DescriptorFile = {
    name: textIn(bytes, NAME),
    bytes,
    imports: Array.from(messagesIn(bytes, FILE.dependency), textOf),
    symbols: [],
    messages: [],
    extensions: [],
  };
  const packageName = textIn(bytes, FILE.package);
  const scope = packageName && `${packageName}.`;
  for (const message of messagesIn(bytes, FILE.message)) addMessage(file, scope, message);
  for (const enumeration of messagesIn(bytes, FILE.enum)) addEnum(file, scope, enumeration);
  for (const extension of messagesIn(bytes, FILE.extension)) addExtension(file, scope, extension);
  for (const service of messagesIn(bytes, FILE.service)) {
    const name = addSymbol(file, scope, service);
    for (const method of messagesIn(service, SERVICE.method)) addSymbol(file, `${name}.`, method);
  }
  return file;
}

function addMessage(file: DescriptorFile, scope: string, message: Buffer): void {
  const name = addSymbol(file, scope, message);
  file.messages.push(name);
  const inside = `${name}.`;
  for (const field of messagesIn(message, MESSAGE.field)) addSymbol(file, inside, field);
  for (const oneof of messagesIn(message, MESSAGE.oneof)) addSymbol(file, inside, oneof);
  for (const enumeration of messagesIn(message, MESSAGE.enum)) addEnum(file, inside, enumeration);
  for (const extension of messagesIn(message, MESSAGE.extension)) addExtension(file, inside, extension);
  for (const nested of messagesIn(message, MESSAGE.nested)) addMessage(file, inside, nested);
}

function addEnum(file: DescriptorFile, scope: string, enumeration: Buffer): void {
  const name = addSymbol(file, scope, enumeration);
  for (const value of messagesIn(enumeration, ENUM.value)) {
    addSymbol(file, `${name}.`, value);
    // A value's full name is in the scope around its enum, as in C++.
    addSymbol(file, scope, value);
  }
}

function addExtension(file: DescriptorFile, scope: string, extension: Buffer): void {
  addSymbol(file, scope, extension);
  // A compiler writes the full name with a dot in front.
  const extendee = textIn(extension, FIELD.extendee).replace(/^\./, "");
  for (const [field, value] of fieldsIn(extension)) {
    if (field === FIELD.number && typeof value === "number")
      file.extensions.push({ extendee, number: value });
  }
}

/** Adds the name of a descriptor, and returns it in full. */
function addSymbol(file: DescriptorFile, scope: string, descriptor: Buffer): string {
  const name = scope + textIn(descriptor, NAME);
  file.symbols.push(name);
  return name;
}

/** The fields of a message that descriptors use: numbers, and the bytes of texts and messages. */
function* fieldsIn(bytes: Uint8Array): Generator<[number: number, value: number | Buffer]> {
  const reader = new Reader(bytes);
  while (reader.position < reader.limit) {
    const tag = reader.tag();
    const number = tag >>> 3;
    if ((tag & 7) === VARINT) yield [number, reader.int32()];
    else if ((tag & 7) === LENGTH_DELIMITED) {
      const { buffer, byteOffset, length } = reader.bytes();
      yield [number, Buffer.from(buffer, byteOffset, length)];
    } else reader.skip(tag);
  }
}

const VARINT = 0;
const LENGTH_DELIMITED = 2;

function* messagesIn(bytes: Uint8Array, field: number): Generator<Buffer> {
  for (const [number, value] of fieldsIn(bytes)) {
    if (number === field && typeof value !== "number") yield value;
  }
}

/** The text in a field; of several the last counts, as protobuf has it. Empty if there is none. */
function textIn(bytes: Buffer, field: number): string {
  return Array.from(messagesIn(bytes, field), textOf).at(-1) ?? "";
}

function textOf(bytes: Buffer): string {
  return bytes.toString();
}
