import {
  ProtobufError,
  writeDouble,
  writeFixed32,
  writeFixed64,
  writeFloat,
  writeInt64,
  writeSfixed32,
  writeSfixed64,
  writeSint32,
  writeSint64,
  writeUint64,
  type Writer,
} from "@callwire/protobuf";

/**
 * Takes the place of `BinaryWriter` of @bufbuild/protobuf in the `encode` functions that ts-proto generates: the same methods,
 * the same bytes, written by a writer of ours.
 */
export class TsProtoWriter {
  #writer!: Writer;
  /** What ends each open fork. */
  readonly #forks: number[] = [];

  /** Begins a message where the writer is. */
  begin(writer: Writer): this {
    this.#writer = writer;
    this.#forks.length = 0;
    return this;
  }

  /** Begins length-delimited data: a message or a packed field. `join` ends it. */
  fork(): this {
    this.#forks.push(this.#writer.open(0));
    return this;
  }

  /** Ends what the last `fork` began. */
  join(): this {
    const opened = this.#forks.pop();
    if (opened === undefined) throw new ProtobufError("join without a fork");
    this.#writer.close(opened);
    return this;
  }

  /** The bytes of the message so far. */
  finish(): Uint8Array {
    return this.#writer.finish();
  }

  /** Writes a field number and a wire type. */
  tag(fieldNo: number, type: number): this {
    return this.uint32(((fieldNo << 3) | type) >>> 0);
  }

  /** Writes bytes as they are, without a length. */
  raw(chunk: Uint8Array): this {
    this.#writer.raw(chunk);
    return this;
  }

  uint32(value: number): this {
    this.#writer.uint32(0, value);
    return this;
  }

  int32(value: number): this {
    this.#writer.int32(0, value);
    return this;
  }

  sint32(value: number): this {
    writeSint32(this.#writer, 0, value);
    return this;
  }

  bool(value: boolean): this {
    this.#writer.bool(0, value);
    return this;
  }

  int64(value: string | number | bigint): this {
    writeInt64(this.#writer, 0, value);
    return this;
  }

  uint64(value: string | number | bigint): this {
    writeUint64(this.#writer, 0, value);
    return this;
  }

  sint64(value: string | number | bigint): this {
    writeSint64(this.#writer, 0, value);
    return this;
  }

  fixed32(value: number): this {
    writeFixed32(this.#writer, 0, value);
    return this;
  }

  sfixed32(value: number): this {
    writeSfixed32(this.#writer, 0, value);
    return this;
  }

  fixed64(value: string | number | bigint): this {
    writeFixed64(this.#writer, 0, value);
    return this;
  }

  sfixed64(value: string | number | bigint): this {
    writeSfixed64(this.#writer, 0, value);
    return this;
  }

  float(value: number): this {
    writeFloat(this.#writer, 0, value);
    return this;
  }

  double(value: number): this {
    writeDouble(this.#writer, 0, value);
    return this;
  }

  bytes(value: Uint8Array): this {
    this.#writer.bytes(0, value);
    return this;
  }

  string(value: string): this {
    this.#writer.string(0, value);
    return this;
  }
}
