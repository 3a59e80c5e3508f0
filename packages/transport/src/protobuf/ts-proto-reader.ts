import {
  MAX_DEPTH,
  ProtobufError,
  readDouble,
  readFixed32,
  readFixed64,
  readFloat,
  readInt64,
  readSfixed32,
  readSfixed64,
  readSint32,
  readSint64,
  readUint64,
  Reader,
  viewBytes,
  type TakeBytes,
} from "@callwire/protobuf";

/** The number of fields that `skip` makes views of for code that drops them: a message of 4 MiB can have two million. */
const MAX_VIEWS = 1024;

const nothing = Buffer.alloc(0);

const LENGTH_DELIMITED = 2;
const END_GROUP = 4;
const BIT32 = 5;

/**
 * Takes the place of `BinaryReader` of @bufbuild/protobuf in the `decode` functions that ts-proto generates: the same
 * methods, the same results, but as strict as {@link Reader} is, which reads for it.
 *
 * Generated code tells a reader little: it reads tags, lengths and values alike with `uint32`. The reader tells them apart
 * by what came before: directly after a tag stands the field's value, or its length if the tag says so; inside a packed
 * field stand values; anything else is a tag. What follows a length is a message if `decode` counts its depth, and
 * packed values if not. Code from an older ts-proto (2.18 counts) decodes right too, but tags in its nested messages, and
 * lengths below the first, are checked less.
 */
export class TsProtoReader {
  /**
   * Makes readers instances of another class: `decode` of code that was generated for that one then takes them. They inherit
   * nothing of use from it, and its constructor is not run.
   */
  static standInFor(other: { prototype: object }): void {
    Object.setPrototypeOf(this.prototype, other.prototype);
  }

  readonly #reader = new Reader();

  /** Where the message ends. */
  len = 0;

  /** The limits around the innermost open message or packed field. Only the first `ranges` entries count. */
  readonly #outer = new Int32Array(MAX_DEPTH);
  #ranges = 0;

  /** True if the innermost open range is not known to be a message. */
  #packed = false;

  /** The last tag, and where it ended: what is read there is its value. */
  #lastTag = 0;
  #valueAt = -1;

  /** The number of messages that are open, as generated code counts. */
  #depth = 0;

  #take: TakeBytes = viewBytes;

  /** False if the type's code drops what `skip` returns: then it may return nothing. */
  keepsSkipped = true;
  /** The number of fields of the message that were passed over. */
  #skipped = 0;

  /** Begins to read a message: the bytes of `buffer` from `start` to `end`. */
  begin(buffer: Uint8Array, start: number, end: number, take: TakeBytes = viewBytes): this {
    this.#reader.begin(buffer, start, end, take);
    this.#take = take;
    this.len = end;
    this.#ranges = 0;
    this.#packed = false;
    this.#valueAt = -1;
    this.#depth = 0;
    this.#skipped = 0;
    return this;
  }

  /** Throws if the message was not read to its end. Code from an old ts-proto stops early at a tag that it does not like. */
  end(): void {
    if (this.pos !== this.len) throw new ProtobufError("illegal tag", this.pos);
  }

  /** Lets go of a buffer in a larger piece of memory. A smaller one is likely to be read from again. */
  release(): void {
    this.#reader.release();
  }

  get buf(): Uint8Array {
    return this.#reader.buffer;
  }

  /** Where in `buf` the next byte is. */
  get pos(): number {
    return this.#reader.position;
  }

  set pos(position: number) {
    this.#reader.position = position;
  }

  /** Read by generated `decode` when it begins, before anything else. */
  get __tsProtoDecodeDepth(): number {
    if (this.#depth >= MAX_DEPTH) throw this.#tooDeep();
    return this.#depth;
  }

  /** Written by generated `decode` when a message begins and when it ends: what comes next is a tag. */
  set __tsProtoDecodeDepth(depth: number) {
    this.#depth = depth;
    this.#packed = false;
  }

  /** Reads a field number and a wire type. */
  tag(): [fieldNo: number, wireType: number] {
    if (this.pos >= this.#reader.limit) this.#leaveRanges();
    const at = this.pos;
    const tag = this.#readTag();
    checkTag(tag, at, true);
    return [tag >>> 3, tag & 7];
  }

  uint32(): number {
    const reader = this.#reader;
    const at = reader.position;
    if (at === this.#valueAt) {
      return (this.#lastTag & 7) === LENGTH_DELIMITED ? this.#openRange() : reader.uint32();
    }
    if (at >= reader.limit) this.#leaveRanges();
    else if (this.#packed) return reader.uint32();
    const tag = this.#readTag();
    checkTag(tag, at, false);
    return tag;
  }

  int32(): number {
    return this.#reader.int32();
  }

  sint32(): number {
    return readSint32(this.#reader);
  }

  bool(): boolean {
    return this.#reader.bool();
  }

  int64(): bigint {
    return readInt64(this.#reader);
  }

  uint64(): bigint {
    return readUint64(this.#reader);
  }

  sint64(): bigint {
    return readSint64(this.#reader);
  }

  fixed32(): number {
    return readFixed32(this.#reader);
  }

  sfixed32(): number {
    return readSfixed32(this.#reader);
  }

  fixed64(): bigint {
    return readFixed64(this.#reader);
  }

  sfixed64(): bigint {
    return readSfixed64(this.#reader);
  }

  float(): number {
    return readFloat(this.#reader);
  }

  double(): number {
    return readDouble(this.#reader);
  }

  bytes(): Uint8Array {
    return this.#reader.bytes();
  }

  string(): string {
    return this.#reader.string();
  }

  /**
   * Passes over the value of a field and returns its bytes.
   *
   * @param fieldNo The field's number: with a group, what its end must say. By default that of the last tag.
   */
  skip(wireType: number, fieldNo: number = this.#lastTag >>> 3): Uint8Array {
    const start = this.pos;
    this.#reader.skipValue(((fieldNo << 3) | wireType) >>> 0, this.#depth);
    // What stands behind a group's end is a tag again.
    this.#valueAt = -1;
    if (++this.#skipped > MAX_VIEWS && !this.keepsSkipped) return nothing;
    return this.#take(this.buf, start, this.pos);
  }

  /** Reads the length of what a message contains and makes its end the limit. */
  #openRange(): number {
    const reader = this.#reader;
    const outer = reader.range();
    if (this.#ranges === MAX_DEPTH) throw this.#tooDeep();
    this.#outer[this.#ranges++] = outer;
    this.#packed = true;
    return reader.limit - reader.position;
  }

  /** Goes back to the innermost range that is not at its end. */
  #leaveRanges(): void {
    const reader = this.#reader;
    while (reader.position >= reader.limit) {
      if (this.#ranges === 0) throw new ProtobufError("message cut short", reader.position);
      reader.limit = this.#outer[--this.#ranges]!;
    }
    this.#packed = false;
  }

  #readTag(): number {
    const tag = this.#reader.tag();
    this.#lastTag = tag;
    this.#valueAt = this.pos;
    return tag;
  }

  #tooDeep(): ProtobufError {
    return new ProtobufError(`more than ${MAX_DEPTH} messages in one another`, this.pos);
  }
}

/** Throws if a tag may not stand in a message, or, with `inGroup`, in a group. */
function checkTag(tag: number, at: number, inGroup: boolean): void {
  if (tag < 8) throw new ProtobufError("field number 0", at);
  const wireType = tag & 7;
  if (wireType > BIT32) throw new ProtobufError(`illegal wire type ${wireType}`, at);
  if (wireType === END_GROUP && !inGroup) throw new ProtobufError("end of a group that was not begun", at);
}
