import { noStatusAdvice, redirectAdvice, unreachableAdvice } from "#checks";
import { type FailureOrigin, statusOfHttpStatus } from "@callwire/transport/seam";
import { Metadata, type MethodDescriptor, Status } from "nice-grpc-common";
import { onAbort } from "../internal/abort.js";
import { clientError } from "../internal/client-errors.js";
import { errorText } from "../internal/error-text.js";
import { bodyReader } from "./body-reader.js";
import { describePage } from "./foreign-page.js";
import { addField } from "./metadata.js";
import type { Ending, Protocol } from "./protocol.js";
import { enveloped } from "./request-body.js";
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
  headers: Record<string, string>;
  signal: AbortSignal;
  /** A message has come. */
  onHeader(header: Metadata): void;
  /** The attempt has ended by the server's word. Another one may follow. */
  onEnd(trailer: Metadata, header?: Metadata): void;
}

/** Makes one attempt of a call by `fetch`, and yields the messages of its answer. */
export async function* fetchAttempt(
  { url, protocol, credentials, maxReceiveMessageBytes }: AttemptOptions,
  { path, requestStream, responseStream }: MethodDescriptor,
  { fetch, body, headers: sent, signal, onHeader, onEnd }: Attempt,
): AsyncGenerator<Uint8Array, void, undefined> {
  const fail = (code: Status, why: string, origin: FailureOrigin = "reset", cause?: unknown) =>
    clientError(path, code, why, origin, cause);
  const bareType = requestStream || responseStream ? undefined : protocol.bareType;
  const mediaType = bareType ?? protocol.mediaType;
  let response: FetchResponse;
  try {
    response = await fetch(url + path, {
      method: "POST",
      headers: { ...sent, "content-type": mediaType },
      body: bareType || requestStream ? body : enveloped(body as Uint8Array),
      signal,
      // Workers of Cloudflare know no "error".
      redirect: "manual",
      ...(credentials && { credentials }),
      ...(requestStream && { duplex: "half" }),
    });
  } catch (error) {
    const why = `${url} could not be reached${unreachableAdvice(url, requestStream) ?? ""}: ${errorText(error)}`;
    throw fail(Status.UNAVAILABLE, why, "connection", error);
  }

  const { headers, status } = response;
  const reader = bodyReader(response.body);
  // A body that an application's own `fetch` has made may not end with the signal.
  const unfollow = onAbort(signal, reader.cancel);
  const take = (size: number) =>
    reader.take(size).catch((error: unknown) => {
      throw fail(Status.UNAVAILABLE, `the connection was lost: ${errorText(error)}`, "connection", error);
    });
  const checkLength = (length: number, isEnd?: boolean) => {
    const most = isEnd ? MAX_END_BYTES : maxReceiveMessageBytes;
    const what = isEnd ? "trailers have" : "maxReceiveMessageBytes allows";
    if (length > most)
      throw fail(Status.RESOURCE_EXHAUSTED, `a message of ${length} bytes, where ${what} ${most}`, "local");
  };
  const notOne = (count: string) => fail(Status.UNIMPLEMENTED, `the response has ${count} message`, "local");
  /** Ends the attempt as the server has said it: of a stream, there may be no message. */
  const end = ({ code, message, trailer }: Ending, hasMessage?: boolean, header?: Metadata) => {
    onEnd(trailer, header);
    if (code !== Status.OK) throw fail(code, message, "status");
    if (!hasMessage && !responseStream) throw notOne("no");
  };

  try {
    const header = Metadata();
    const trailer = Metadata();
    headers.forEach((value, name) => {
      const ofTrailer = name.replace(/^trailer-/, "");
      addField(ofTrailer === name ? header : trailer, ofTrailer, value);
    });
    const type = headers.get("content-type") ?? "";
    const [wanted = ""] = mediaType.split("+");

    if (status !== 200 || type.split(/[;+]/, 1)[0] !== wanted) {
      const isJson = /json/i.test(type);
      // An error of Connect may take its time. A page is of no use to the call.
      if (!isJson) setTimeout(reader.cancel, PAGE_TIMEOUT_MS);
      const page = await take(isJson ? MAX_END_BYTES : PAGE_BYTES);
      const ending = protocol.readError(status, Metadata([...header, ...trailer]), headers, page);
      if (ending) return end(ending);
      const isHttpError = status !== 200;
      throw fail(
        // Such JSON comes from a server of Connect, in another codec than was asked for.
        isJson && !isHttpError ? Status.INTERNAL : statusOfHttpStatus(status),
        describePage(
          isHttpError
            ? `HTTP status ${status}${redirectAdvice(status) ?? ""}`
            : `the response is not ${wanted}`,
          headers,
          page,
        ),
        isHttpError && status < 500 ? "status" : "reset",
      );
    }

    if (bareType) {
      const only = await take(maxReceiveMessageBytes + 1);
      checkLength(only.length);
      onHeader(header);
      onEnd(trailer);
      yield only;
      return;
    }
    let only: Uint8Array | undefined;
    for (let first: Metadata | undefined = header; ; first = undefined) {
      // oxlint-disable-next-line no-await-in-loop -- one after the other
      const prefix = await take(PREFIX_LENGTH);
      if (prefix.length === 0) {
        // Only a response without a body has its status in the header.
        const ending = first && protocol.readError(status, header, headers, prefix);
        if (ending) return end(ending);
        const advice = (first && noStatusAdvice(url)) ?? "";
        throw fail(Status.UNKNOWN, `the response ended without a status${advice}`);
      }
      const [flags = 0] = prefix;
      const length = prefix.length < PREFIX_LENGTH ? 1 : new DataView(prefix.buffer).getUint32(1);
      checkLength(length, flags === protocol.endFlag);
      // oxlint-disable-next-line no-await-in-loop
      const bytes = await take(length);
      if (bytes.length < length) throw fail(Status.INTERNAL, "the response ended inside a message");
      if (flags === 0) {
        if (first) onHeader(first);
        if (responseStream) yield bytes;
        else if (only === undefined) only = bytes;
        else throw notOne("more than one");
        continue;
      }
      if (flags !== protocol.endFlag) {
        // 1 is that of a compressed message.
        throw fail(Status.INTERNAL, `the response has unknown flags: ${flags}`);
      }
      let ending: Ending;
      try {
        ending = protocol.readEnd(bytes);
      } catch (error) {
        throw fail(Status.INTERNAL, `the trailers cannot be read: ${errorText(error)}`, "reset", error);
      }
      // oxlint-disable-next-line no-await-in-loop
      if ((await take(1)).length) throw fail(Status.INTERNAL, "the response goes on after trailers");
      end(ending, only && true, first);
      if (only) yield only;
      return;
    }
  } finally {
    unfollow();
    reader.cancel();
  }
}
