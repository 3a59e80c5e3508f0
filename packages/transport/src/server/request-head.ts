import { Status } from "nice-grpc-common";
import { ACCEPT_ENCODING, parseEncoding, type Encoding } from "../grpc/compression.js";
import { CONTRACT_HEADER } from "../grpc/contract.js";
import { fieldName } from "../grpc/field-names.js";
import { countBinaryValues, MAX_BINARY_VALUES } from "../grpc/metadata.js";
import { parseTimeout } from "../grpc/timeout.js";
import { isPrintable } from "../hpack/field-rules.js";
import type { HeaderList } from "../hpack/header-list.js";
import { parseContentLength } from "../http2/content-length.js";
import { ErrorCode, StreamError } from "../http2/errors.js";
import type { ServedMethods, ServerMethod } from "./server-method.js";

/** The longest `:path` that is looked up, in characters. */
export const MAX_PATH_LENGTH = 4096;

/** The content of a request's headers. One object for all requests whose header blocks are the same. */
export interface RequestHead {
  method: ServerMethod | undefined;
  /** Answers the request without a handler, if it is not one that we serve. */
  refusal: Refusal | undefined;
  authority: string;
  timeoutMs: number | undefined;
  encoding: Encoding;
  acceptsGzip: boolean;
  /** The length that `content-length` promises; undefined if there is none. */
  contentLength: number | undefined;
}

/** The answer to a request that is not served: an HTTP status alone, or with a gRPC status. */
export interface Refusal {
  /** True if the request is not gRPC: a server that answers other HTTP does not refuse it. */
  isOther: boolean;
  /** The protocol that an extended CONNECT asks for (RFC 8441, section 4); undefined for any other request. */
  protocol: string | undefined;
  httpStatus: string;
  status: Status | undefined;
  /** Of the gRPC status; without one, the body. */
  message: string;
  /** More header fields. */
  fields: readonly string[];
}

/**
 * The head of a request whose header list is too large, and gone with its content-type. Its call alone is answered: a proxy
 * has many callers on one connection.
 *
 * @param isHttpServed True if the client may be one of HTTP: then the answer is one to both (RFC 6585, section 5).
 */
export function oversizeHead(size: number, maxBytes: number, isHttpServed: boolean): RequestHead {
  const refusal = refuse(
    Status.RESOURCE_EXHAUSTED,
    `metadata of ${size} bytes, where the server allows ${maxBytes}`,
  );
  return {
    method: undefined,
    refusal: isHttpServed ? { ...refusal, httpStatus: "431" } : refusal,
    authority: "",
    timeoutMs: undefined,
    encoding: "identity",
    acceptsGzip: false,
    contentLength: undefined,
  };
}

/** The head of a request that there is no room for: much waits in memory, and its connection has more than its share of it. */
export function noRoomHead(head: RequestHead): RequestHead {
  return { ...head, refusal: refuse(Status.RESOURCE_EXHAUSTED, "too many bytes of metadata wait in memory") };
}

/** The methods that are served, by their paths. */
type Methods = ReadonlyMap<string, ServerMethod> & Partial<Pick<ServedMethods, "contractAt">>;

/**
 * Reads a request's headers, or finds what they were read to before. Of a list whose beginning is known only the rest is
 * read, if that is metadata and a timeout.
 *
 * @throws {StreamError} PROTOCOL_ERROR if they are malformed (RFC 9113, section 8.1.1).
 */
export function requestHead(list: HeaderList, methods: Methods): RequestHead {
  const { parsed } = list;
  if (parsed !== undefined && parsed !== NO_HEAD) return parsed as RequestHead;
  const head = headFromBase(list, methods) ?? parse(list, methods);
  list.parsed = head;
  return head;
}

/** The head of a list that goes on where its `base` ends; undefined if the whole list must be looked at. */
function headFromBase(list: HeaderList, methods: Methods): RequestHead | undefined {
  const { base, rest } = list;
  if (base === undefined || list.malformed || !list.isText) return undefined;
  const head = (base.parsed ??= parseBase(base, methods)) as RequestHead | typeof NO_HEAD;
  if (head === NO_HEAD || head.refusal !== undefined) return undefined;
  let { timeoutMs } = head;
  for (let i = 0; i < rest.length; i += 2) {
    const name = fieldName(rest[i]!);
    const value = rest[i + 1]!;
    if (name.isMetadata) {
      if (name.isForbidden || (name.isBinary && countBinaryValues(value) !== 1)) return undefined;
      name.keepText(value);
    } else if (name.name === "grpc-timeout") {
      timeoutMs = parseTimeout(value);
      if (timeoutMs === undefined) return undefined;
    } else return undefined;
  }
  return timeoutMs === head.timeoutMs ? head : withTimeout(head, timeoutMs);
}

/** A copy, by hand: spreading takes three times as long. */
function withTimeout(head: RequestHead, timeoutMs: number | undefined): RequestHead {
  const { method, refusal, authority, encoding, acceptsGzip, contentLength } = head;
  return { method, refusal, authority, timeoutMs, encoding, acceptsGzip, contentLength };
}

/** Stands for the head of a list that is no request by itself. */
const NO_HEAD = Symbol("no head");

function parseBase(base: HeaderList, methods: Methods): RequestHead | typeof NO_HEAD {
  try {
    return parse(base, methods);
  } catch {
    // Not an error of the peer's: the rest may have what is missing.
    return NO_HEAD;
  }
}

function parse(list: HeaderList, methods: Methods): RequestHead {
  if (list.malformed) throw malformed("a field with characters that are not allowed");
  let httpMethod: string | undefined;
  let scheme: string | undefined;
  let path: string | undefined;
  let authority: string | undefined;
  let protocol: string | undefined;
  let contentType = "";
  let timeout: string | undefined;
  let encodingName = "identity";
  let acceptEncoding = "";
  let contentLength: number | undefined;
  let regular = false;
  let binaryValues = 0;
  let isText = true;
  const { fields } = list;
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    const value = fields[i + 1]!;
    if (name.charCodeAt(0) === 0x3a /* : */) {
      // RFC 9113, section 8.3: pseudo-header fields stand first, and once.
      if (regular) throw malformed("a pseudo-header field after a regular one");
      if (name === ":method" && httpMethod === undefined) httpMethod = value;
      else if (name === ":scheme" && scheme === undefined) scheme = value;
      else if (name === ":path" && path === undefined) path = value;
      else if (name === ":authority" && authority === undefined) authority = value;
      else if (name === ":protocol" && protocol === undefined) protocol = value;
      else throw malformed("a pseudo-header field that is unknown, or there twice");
      continue;
    }
    regular = true;
    const known = fieldName(name);
    if (known.isForbidden) throw malformed("a field that belongs to a connection");
    if (known.isBinary) binaryValues += countBinaryValues(value);
    if (known.isMetadata) {
      if (!isPrintable(value)) isText = false;
      continue;
    }
    switch (name) {
      case "te":
        if (value !== "trailers") throw malformed("te is not trailers");
        break;
      case "content-type":
        contentType = value;
        break;
      case "grpc-timeout":
        timeout = value;
        break;
      case "grpc-encoding":
        encodingName = value;
        break;
      case "grpc-accept-encoding":
        acceptEncoding = value;
        break;
      case "content-length":
        contentLength = parseContentLength(value);
        break;
      case "host":
        authority ??= value;
        break;
      default:
    }
  }
  // RFC 9113, section 8.3.1.
  if (httpMethod === undefined || scheme === undefined || path === undefined || path === "") {
    throw malformed("a pseudo-header field is missing");
  }
  if (protocol !== undefined && httpMethod !== "CONNECT") throw malformed(":protocol without CONNECT");
  const method = path.length <= MAX_PATH_LENGTH ? methods.get(path) : undefined;
  const encoding = parseEncoding(encodingName);
  const timeoutMs = timeout === undefined ? undefined : parseTimeout(timeout);
  return {
    method,
    authority: authority ?? "",
    timeoutMs,
    encoding: encoding ?? "identity",
    acceptsGzip: /\bgzip\b/.test(acceptEncoding),
    contentLength,
    refusal:
      (protocol === undefined ? refuseHttp(httpMethod, contentType) : refuseProtocol(protocol)) ??
      (encoding === undefined
        ? refuse(Status.UNIMPLEMENTED, `the message encoding is not known: ${ACCEPT_ENCODING} are`, [
            "grpc-accept-encoding",
            ACCEPT_ENCODING,
          ])
        : timeout !== undefined && timeoutMs === undefined
          ? refuse(Status.INTERNAL, "grpc-timeout is malformed")
          : !(binaryValues <= MAX_BINARY_VALUES)
            ? refuseBinary(binaryValues)
            : !isText
              ? refuse(Status.INTERNAL, "a header has characters that are not printable ASCII")
              : method === undefined
                ? // The path is not repeated: it is the client's own text, of any length.
                  refuse(
                    Status.UNIMPLEMENTED,
                    "the method is not implemented",
                    contractFields(methods.contractAt?.(path)),
                  )
                : undefined),
  };
}

/**
 * Looks at a request's trailers; gRPC has no use for them.
 *
 * @throws {StreamError} PROTOCOL_ERROR if they are malformed (RFC 9113, sections 8.1 and 8.2).
 */
export function checkTrailers({ fields, tooLarge, malformed: isMalformed }: HeaderList): void {
  if (tooLarge) throw new StreamError(ErrorCode.ENHANCE_YOUR_CALM, "the trailers are too large");
  if (isMalformed) throw malformed("a trailer with characters that are not allowed");
  for (let i = 0; i < fields.length; i += 2) {
    const name = fields[i]!;
    if (name.startsWith(":")) throw malformed("a pseudo-header field in the trailers");
    if (fieldName(name).isForbidden) throw malformed("a field that belongs to a connection");
  }
}

export function malformed(why: string): StreamError {
  return new StreamError(ErrorCode.PROTOCOL_ERROR, `the request is malformed: ${why}`);
}

/** What is not a call of gRPC gets an HTTP status (gRPC over HTTP/2, "Requests"). */
function refuseHttp(httpMethod: string, contentType: string): Refusal | undefined {
  const isOther = !/^application\/grpc(?:$|[+;])/i.test(contentType);
  if (httpMethod !== "POST") {
    // The answer to HEAD has no body.
    const message = httpMethod === "HEAD" ? "" : "gRPC is served here, by POST.\n";
    const fields = ["allow", "POST"];
    return { isOther, protocol: undefined, httpStatus: "405", status: undefined, message, fields };
  }
  if (isOther) {
    const message = "gRPC is served here: the content-type must be application/grpc.\n";
    return { isOther, protocol: undefined, httpStatus: "415", status: undefined, message, fields: [] };
  }
  return undefined;
}

/** An extended CONNECT is no call of gRPC. */
function refuseProtocol(protocol: string): Refusal {
  const message = "The only protocol that CONNECT may ask for is websocket.\n";
  return { isOther: true, protocol, httpStatus: "501", status: undefined, message, fields: [] };
}

function refuseBinary(values: number): Refusal {
  return Number.isNaN(values)
    ? refuse(Status.INTERNAL, "a binary header is not base64")
    : refuse(Status.RESOURCE_EXHAUSTED, `more than ${MAX_BINARY_VALUES} binary header values`);
}

/** A client that is newer than this server learns why its method is unknown. */
function contractFields(contract: string | undefined): readonly string[] {
  return contract === undefined ? [] : [CONTRACT_HEADER, contract];
}

function refuse(status: Status, message: string, fields: readonly string[] = []): Refusal {
  return { isOther: false, protocol: undefined, httpStatus: "200", status, message, fields };
}
