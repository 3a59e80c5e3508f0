/**
 * A header block that cannot be decoded (RFC 7541, RFC 9113, section 4.3). The dynamic table is out of step
 * from there on, so it is always a connection error of type COMPRESSION_ERROR, and the decoder that threw it
 * is not to be used again.
 */
export class HpackError extends Error {
  override readonly name = "HpackError";
}
