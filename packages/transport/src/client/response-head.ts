import type { Status } from "nice-grpc-common";
import { parseEncoding, type Encoding } from "../grpc/compression.js";
import { CONTRACT_HEADER, readContract } from "../grpc/contract.js";
import { fieldName } from "../grpc/field-names.js";
import { decodeStatusMessage, parseStatus } from "../grpc/status.js";
import type { HeaderList } from "../hpack/header-list.js";
import { parseContentLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";

/** The content of a response's headers or trailers. One object for all whose header blocks are the same. */
export interface ResponseHead {
  /** `:status`; undefined in trailers. */
  httpStatus: string | undefined;
  contentType: string;
  isGrpc: boolean;
  /** Undefined if we do not know it. */
  encoding: Encoding | undefined;
  /** `grpc-status`, if it is there. */
  status: Status | undefined;
  message: string;
  /** The length that `content-length` promises; undefined if there is none. */
  contentLength: number | undefined;
  /** The contract that the server names; undefined if it names none. */
  contract: string | undefined;
}

/**
 * Reads a response's header list, or finds what it was read to before.
 *
 * @throws {StreamError} PROTOCOL_ERROR if it is malformed (RFC 9113, section 8.1.1).
 */
export function responseHead(list: HeaderList): ResponseHead {
  return (list.parsed ??= headFromBase(list) ?? parse(list)) as ResponseHead;
}

/** The head of a list that only has metadata after its `base`; undefined if the whole list must be looked at. */
function headFromBase({ base, rest, malformed: isMalformed }: HeaderList): ResponseHead | undefined {
  if (base === undefined || isMalformed) return undefined;
  for (let i = 0; i < rest.length; i += 2) {
    const name = fieldName(rest[i]!);
    if (!name.isMetadata || name.isForbidden || name.name === CONTRACT_HEADER) return undefined;
  }
  return responseHead(base);
}

function parse(list: HeaderList): ResponseHead {
  if (list.malformed) throw malformed("a field with characters that are not allowed");
  const head: ResponseHead = {
    httpStatus: undefined,
    contentType: "",
    isGrpc: false,
    encoding: "identity",
    status: undefined,
    message: "",
    contentLength: undefined,
    contract: undefined,
  };
  const { fields } = list;
  let regular = false;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (name.charCodeAt(0) === 0x3a /* : */) {
      // RFC 9113, section 8.3: pseudo-header fields stand first, and a response has one. One beyond 599 is an error of the
      // server (RFC 9110, section 15).
      if (regular || name !== ":status" || head.httpStatus !== undefined || !/^[1-9]\d\d$/.test(value)) {
        throw malformed("a pseudo-header field that is unknown, out of place or not right");
      }
      head.httpStatus = value;
      continue;
    }
    regular = true;
    if (fieldName(name).isForbidden) throw malformed("a field that belongs to a connection");
    switch (name) {
      case "content-type":
        head.contentType = value;
        head.isGrpc = /^application\/grpc(?:$|[+;])/i.test(value);
        break;
      case "grpc-encoding":
        head.encoding = parseEncoding(value);
        break;
      case "grpc-status":
        head.status = parseStatus(value);
        break;
      case "grpc-message":
        head.message = decodeStatusMessage(value);
        break;
      case "content-length":
        head.contentLength = parseContentLength(value);
        break;
      case CONTRACT_HEADER:
        head.contract = readContract(value);
        break;
      default:
    }
  }
  return head;
}

function malformed(why: string): StreamError {
  return new StreamError(ErrorCode.PROTOCOL_ERROR, `the response is malformed: ${why}`);
}
