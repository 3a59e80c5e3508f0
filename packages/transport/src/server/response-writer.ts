import type { Metadata, Status } from "nice-grpc-common";
import { CONTRACT_HEADER } from "../grpc/contract.js";
import { toFields } from "../grpc/metadata.js";
import { encodeStatusMessage } from "../grpc/status.js";
import { HeaderFields, headerListSize } from "../hpack/header-fields.js";
import type { Http2Stream, StreamSender } from "../http2/stream.js";

// The header blocks that a server sends for a call (gRPC over HTTP/2, "Responses").

/** The fields that begin the responses of a service. */
export interface ResponseFields {
  readonly plain: HeaderFields;
  /** The same, for messages that may be compressed. */
  readonly gzip: HeaderFields;
}

/** Makes the fields, with the service's contract if it names one. */
export function responseFields(contract: string | undefined): ResponseFields {
  if (contract === undefined) return NO_CONTRACT;
  return fieldsWith(CONTRACT_HEADER, contract);
}

function fieldsWith(...more: string[]): ResponseFields {
  const plain = [":status", "200", "content-type", "application/grpc+proto", ...more];
  return { plain: new HeaderFields(plain), gzip: new HeaderFields([...plain, "grpc-encoding", "gzip"]) };
}

const NO_CONTRACT = fieldsWith();
const OK_TRAILER = new HeaderFields(["grpc-status", "0"]);
const NO_FIELDS = new HeaderFields([]);

/**
 * Sends the response's header. Returns why not, if the client does not take so much; nothing is sent then.
 *
 * @param first {@link ResponseFields.gzip} if messages may be compressed.
 */
export function writeHeader(
  sender: StreamSender,
  stream: Http2Stream,
  first: HeaderFields,
  metadata: Metadata | undefined,
): string | undefined {
  return writeFields(sender, stream, first, metadata && toFields(metadata), false);
}

/** Sends the status of a call that ended well. Returns as {@link writeHeader}. */
export function writeOk(
  sender: StreamSender,
  stream: Http2Stream,
  metadata: Metadata | undefined,
): string | undefined {
  return writeFields(sender, stream, OK_TRAILER, metadata && toFields(metadata), true);
}

/**
 * Sends the status of a call that failed. Returns as {@link writeHeader}.
 *
 * @param first Begins the response, if its header has not gone out: the trailers are the whole response then. Undefined if it has.
 */
export function writeStatus(
  sender: StreamSender,
  stream: Http2Stream,
  first: HeaderFields | undefined,
  code: Status,
  message: string,
  metadata: Metadata | undefined,
): string | undefined {
  const fields = ["grpc-status", String(code)];
  if (message !== "") fields.push("grpc-message", encodeStatusMessage(message));
  const more = metadata && toFields(metadata);
  if (more !== undefined) fields.push(...more);
  return writeFields(sender, stream, first ?? NO_FIELDS, fields, true);
}

function writeFields(
  sender: StreamSender,
  stream: Http2Stream,
  first: HeaderFields,
  rest: readonly string[] | undefined,
  endStream: boolean,
): string | undefined {
  if (rest !== undefined) {
    // RFC 9113, section 6.5.2.
    const { maxHeaderListSize } = sender.peer;
    const size = headerListSize(first, rest);
    if (size > maxHeaderListSize)
      return `metadata of ${size} bytes, where the client allows ${maxHeaderListSize}`;
  }
  sender.headers(stream, first, rest, endStream);
  return undefined;
}
