import { isPrintable } from "./field-rules.js";

/**
 * A decoded header block. A block that repeats is decoded once, and every stream that carries it gets this same
 * object: nothing of it may be changed, but for what {@link parsed} holds.
 */
export class HeaderList {
  /**
   * The list that the block's beginning decodes to by itself, if that beginning repeats: one object for all blocks that begin so.
   * It is neither {@link tooLarge} nor {@link malformed}.
   */
  readonly base: HeaderList | undefined;
  /** The fields after those of {@link base}: name, value, name, value … */
  readonly rest: readonly string[];
  /** The size as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113, section 6.5.2), in bytes, of all the fields. */
  readonly size: number;
  /** True if {@link size} was over the decoder's limit. The fields are then gone. */
  readonly tooLarge: boolean;
  /**
   * True if some name or value is not one that RFC 9113, section 8.2.1 allows (see `isValidName`,
   * `isValidValue`): a stream error of type PROTOCOL_ERROR. Each string is looked at once, when it is decoded.
   */
  readonly malformed: boolean;
  /** Where the layer above keeps what it makes of this list, to find it there when the list comes again. */
  parsed: unknown = undefined;
  #fields: readonly string[] | undefined;
  #isText: boolean | undefined;

  /** @param isText True if every value of `rest` is known to be printable ASCII. Default: they are looked at when it is asked. */
  constructor(
    rest: readonly string[],
    size: number,
    tooLarge: boolean,
    malformed: boolean,
    isText?: boolean,
    base?: HeaderList,
  ) {
    this.rest = rest;
    this.size = size;
    this.tooLarge = tooLarge;
    this.malformed = malformed;
    this.#isText = isText;
    this.base = base;
  }

  /** True if every value of {@link rest} is printable ASCII. */
  get isText(): boolean {
    return (this.#isText ??= this.rest.every((text, i) => i % 2 === 0 || isPrintable(text)));
  }

  /** Name, value, name, value …, in the order they came; empty if the list is {@link tooLarge}. */
  get fields(): readonly string[] {
    return this.base === undefined ? this.rest : (this.#fields ??= [...this.base.rest, ...this.rest]);
  }
}
