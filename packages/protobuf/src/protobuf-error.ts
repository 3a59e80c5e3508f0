/** A message that cannot be decoded, because its bytes are not valid protobuf, or a value that cannot be encoded. */
export class ProtobufError extends Error {
  override readonly name = "ProtobufError";

  /** Where decoding failed, counted in bytes from the start of the given buffer. Undefined for an encoding error. */
  readonly offset: number | undefined;

  constructor(reason: string, offset?: number, options?: ErrorOptions) {
    super(offset === undefined ? reason : `${reason} at byte ${offset}`, options);
    this.offset = offset;
  }
}
