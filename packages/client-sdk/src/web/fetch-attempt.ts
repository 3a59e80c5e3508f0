import { describePage, type FailureOrigin, statusOfHttpStatus } from "@callwire/transport/seam";
import { Metadata, type MethodDescriptor, Status } from "nice-grpc-common";
import { clientError } from "../internal/client-errors.js";
import { errorText } from "../internal/error-text.js";
import { BodyReader } from "./body-reader.js";
import { addField, fieldsOf } from "./metadata.js";
import type { Ending, Protocol } from "./protocol.js";
import { canStreamRequests, enveloped } from "./request-body.js";
import type { FetchResponse, WebClientOptions } from "./web-options.js";

/** Flags and length, before each message (gRPC over HTTP/2, "Length-Prefixed-Message"). */
const PREFIX_LENGTH = 5;
/** What the end of a response may have in a browser's client, in bytes: its trailers, or an error of Connect. Of the latter, no more is read. */
export const MAX_END_BYTES = 256 * 1024;
/** The most that is read of an answer that is none, in bytes, and the time that it is waited for, in milliseconds. */
const PAGE_BYTES = 1024;
const PAGE_TIMEOUT_MS = 1000;

/** The part of the client's options that an attempt needs. */
export interface AttemptOptions extends Pick<WebClientOptions, "credentials"> {
  /** Without a slash at its end. */
  url: string;
  protocol: Protocol;
  maxReceiveMessageBytes: number;
  fetch: NonNullable<WebClientOptions["fetch"]>;
}

/** An attempt of a call. */
export interface Attempt extends Pick<AttemptOptions, "fetch"> {
  /** A message, or a stream of envelopes. */
  body: Uint8Array | ReadableStream<Uint8Array>;
  metadata: Metadata;
  /** The time that is left, in milliseconds; undefined for no limit. */
  timeoutMs: number | undefined;
  signal: AbortSignal;
  onHeader(header: Metadata): void;
  /** The header of an answer that is an error and no message: another attempt may follow. */
  onFailedHeader(header: Metadata): void;
  onTrailer(trailer: Metadata): void;
}

/** Makes one attempt of a call by `fetch`, and yields the messages of its answer. */
export async function* fetchAttempt(
  { url, protocol, credentials, maxReceiveMessageBytes }: AttemptOptions,
  { path, requestStream, responseStream }: MethodDescriptor,
  { fetch, body, metadata, timeoutMs, signal, onHeader, onFailedHeader, onTrailer }: Attempt,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fail = (code: Status, why: string, origin: FailureOrigin = "reset", cause?: unknown) =>
    clientError(path, code, why, origin, cause);
  if (requestStream && !(protocol.streamsRequests && canStreamRequests())) {
    throw fail(Status.UNIMPLEMENTED, noRequestStreams(protocol), "local");
  }
  const bareType = requestStream || responseStream ? undefined : protocol.bareType;
  const mediaType = bareType ?? protocol.mediaType;
  let response: FetchResponse;
  try {
    response = await fetch(url + path, {
      method: "POST",
      headers: { ...fieldsOf(metadata), ...protocol.fields(timeoutMs), "content-type": mediaType },
      body: bareType || requestStream ? body : enveloped(body as Uint8Array),
      signal,
      redirect: "error",
      ...(credentials && { credentials }),
      ...(requestStream && { duplex: "half" }),
    });
  } catch (error) {
    const why = `${url} could not be reached${hint(url, requestStream)}: ${errorText(error)}`;
    throw fail(Status.UNAVAILABLE, why, "connection", error);
  }

  const reader = new BodyReader(response.body);
  // A body that an application's own `fetch` has made may not end with the signal.
  signal.addEventListener("abort", () => reader.cancel());
  const take = (size: number) =>
    reader.take(size).catch((error: unknown) => {
      throw fail(Status.UNAVAILABLE, `the connection was lost: ${errorText(error)}`, "connection", error);
    });
  const checkLength = (length: number, isEnd = false) => {
    if (length <= (isEnd ? MAX_END_BYTES : maxReceiveMessageBytes)) return;
    const why = isEnd
      ? `trailers of ${length} bytes, where ${MAX_END_BYTES} are allowed`
      : `a message of ${length} bytes, where maxReceiveMessageBytes allows ${maxReceiveMessageBytes}`;
    throw fail(Status.RESOURCE_EXHAUSTED, why, "local");
  };
  /** Ends the attempt as the server has said it: of a stream, there may be no message. */
  const end = ({ code, message, trailer }: Ending, hasMessage: boolean) => {
    onTrailer(trailer);
    if (code !== Status.OK) throw fail(code, message, "status");
    if (!hasMessage && !responseStream) {
      throw fail(Status.UNIMPLEMENTED, "the response has no message", "local");
    }
  };

  try {
    const { headers, status } = response;
    const header = Metadata();
    const trailer = Metadata();
    headers.forEach((value, name) => {
      if (name.startsWith("trailer-")) addField(trailer, name.slice("trailer-".length), value);
      else addField(header, name, value);
    });
    const type = headers.get("content-type") ?? "";
    const [wanted = ""] = mediaType.split("+");
    const isAnswer = status === 200 && type.split(/[;+]/, 1)[0] === wanted;

    if (!isAnswer) {
      const isJson = /json/i.test(type);
      // An error of Connect may take its time. A page is of no use to the call.
      const timer = isJson ? undefined : setTimeout(() => reader.cancel(), PAGE_TIMEOUT_MS);
      const page = await take(isJson ? MAX_END_BYTES : PAGE_BYTES).finally(() => clearTimeout(timer));
      const ending = protocol.readError(status, Metadata([...header, ...trailer]), headers, page);
      if (ending !== undefined) {
        end(ending, false);
        return;
      }
      const isHttpError = status !== 200;
      const what = isHttpError ? `HTTP status ${status}` : `the response is not ${wanted}`;
      const server = headers.get("server") ?? undefined;
      throw fail(
        // Such JSON comes from a server of Connect, in another codec than was asked for.
        isJson && !isHttpError ? Status.INTERNAL : statusOfHttpStatus(status),
        describePage(what, { contentType: type, server }, page),
        isHttpError && status < 500 ? "status" : "reset",
      );
    }

    if (bareType !== undefined) {
      const only = await take(maxReceiveMessageBytes + 1);
      checkLength(only.length);
      onHeader(header);
      onTrailer(trailer);
      yield only;
      return;
    }
    let only: Uint8Array | undefined;
    for (let isFirst = true; ; isFirst = false) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const prefix = await take(PREFIX_LENGTH);
      if (prefix.length === 0) {
        // Only a response without a body has its status in the header.
        const ending = isFirst ? protocol.readError(status, header, headers, prefix) : undefined;
        if (ending !== undefined) {
          end(ending, false);
          return;
        }
        const why = isFirst && isForeign(url) ? NO_STATUS_HERE : "";
        throw fail(Status.UNKNOWN, `the response ended without a status${why}`);
      }
      const [flags = 0] = prefix;
      const length = prefix.length < PREFIX_LENGTH ? 1 : new DataView(prefix.buffer).getUint32(1);
      checkLength(length, flags === protocol.endFlag);
      // oxlint-disable-next-line no-await-in-loop
      const bytes = await take(length);
      if (bytes.length < length) throw fail(Status.INTERNAL, "the response ended inside a message");
      if (flags === 0) {
        if (isFirst) onHeader(header);
        if (responseStream) yield bytes;
        else if (only === undefined) only = bytes;
        else throw fail(Status.UNIMPLEMENTED, "the response has more than one message", "local");
        continue;
      }
      if (flags !== protocol.endFlag) {
        const why =
          (flags & 1) === 1 ? "a compressed message, which nobody asked for" : `unknown flags, ${flags}`;
        throw fail(Status.INTERNAL, `the response has ${why}`);
      }
      let ending: Ending;
      try {
        ending = protocol.readEnd(bytes);
      } catch (error) {
        throw fail(Status.INTERNAL, `the trailers cannot be read: ${errorText(error)}`, "reset", error);
      }
      // oxlint-disable-next-line no-await-in-loop
      if ((await take(1)).length > 0) throw fail(Status.INTERNAL, "the response goes on after its trailers");
      if (isFirst) (ending.code === Status.OK ? onHeader : onFailedHeader)(header);
      end(ending, only !== undefined);
      if (only !== undefined) yield only;
      return;
    }
  } finally {
    reader.cancel();
  }
}

function noRequestStreams({ streamsRequests }: Protocol): string {
  return streamsRequests
    ? "this runtime's fetch cannot stream requests: send them by unary calls, or call from where it can, such as Node.js"
    : 'gRPC-Web cannot stream requests: use protocol "connect", or send them by unary calls';
}

/** A response of gRPC-Web without messages has its status in header fields. */
const NO_STATUS_HERE = ": its CORS policy must expose grpc-status and grpc-message to this page";

/** True if a page calls a server of another origin. */
function isForeign(url: string): boolean {
  const { location } = globalThis as { location?: { origin: string } };
  return location !== undefined && new URL(url).origin !== location.origin;
}

/** What may be the reason, where a browser says none. */
function hint(url: string, requestStream: boolean): string {
  if (requestStream && "location" in globalThis) return " (browsers stream requests over HTTP/2 alone)";
  return isForeign(url) ? ", or its CORS policy does not allow this page" : "";
}
