/**
 * A decoded header block. A block that repeats is decoded once, and every stream that carries it gets this same
 * object: nothing of it may be changed, but for what {@link parsed} holds.
 */
export class HeaderList {
  /** Name, value, name, value …, in the order they came; empty if the list is {@link tooLarge}. */
  readonly fields: readonly string[];
  /** The size as SETTINGS_MAX_HEADER_LIST_SIZE counts it (RFC 9113 section 6.5.2), in bytes, of all the fields. */
  readonly size: number;
  /** Whether {@link size} was over the decoder's limit. The fields are then gone. */
  readonly tooLarge: boolean;
  /**
   * Whether some name or value is not one that RFC 9113 section 8.2.1 allows (see `isValidName`,
   * `isValidValue`): a stream error of type PROTOCOL_ERROR. Each string is looked at once, when it is decoded.
   */
  readonly malformed: boolean;
  /** Where the layer above keeps what it makes of this list, to find it there when the list comes again. */
  parsed: unknown = undefined;

  constructor(fields: readonly string[], size: number, tooLarge: boolean, malformed: boolean) {
    this.fields = fields;
    this.size = size;
    this.tooLarge = tooLarge;
    this.malformed = malformed;
  }
}
