import { sharedForm } from "@callwire/transport/client";
import { valueOf, type Properties } from "../binding/field-path.js";
import type { RequestParts } from "../binding/request-binding.js";
import type { EdgeCall } from "../calls/edge-method.js";
import type { ChosenCoding } from "../compression/accept-encoding.js";
import { codings } from "../compression/codings.js";
import { tagText } from "../conditional/entity-tags.js";
import { isMismatch, isRead, knownTag } from "../conditional/preconditions.js";
import type { Exchange, ResponseWriter } from "../http/exchange.js";
import { metadataOf } from "../http/metadata.js";
import { SharedPart, type Part } from "../http/shared-part.js";
import { timeoutOf } from "../http/timeout.js";
import { addVary } from "../http/vary.js";
import { TimeLimit } from "../internal/time-limit.js";
import type { Route } from "../routing/route.js";
import type { StreamForm } from "../streams/stream-form.js";
import { commonHeaders, errorLine, failureOf, respondError } from "./answer.js";
import { contentOf, jsonOf, type Content } from "./content.js";
import { openCall } from "./open-call.js";
import { readRequest } from "./read-request.js";
import type { EdgeSettings } from "./settings.js";

/** What an answer is made with. */
interface Answering {
  readonly exchange: Exchange;
  readonly route: Route;
  readonly call: EdgeCall;
  /** More fields of the header of one that goes well. */
  readonly more: readonly string[];
  /** The coding that the client asks for. */
  readonly chosen: ChosenCoding | undefined;
  readonly settings: EdgeSettings;
}

/**
 * Makes a call of a request, and its answer of what comes back. It does not throw, nor reject.
 *
 * @returns A promise unless all was there at once: most answers out of a cache are.
 */
export function serveCall(
  exchange: Exchange,
  route: Route,
  parts: RequestParts,
  settings: EdgeSettings,
): Promise<void> | undefined {
  let call: EdgeCall | undefined;
  let begin = () => {};
  const fail = (thrown: unknown): void => {
    const outgoing = failureOf(thrown, call, route, settings);
    const httpStatus = isMismatch(exchange, outgoing.json) ? 412 : outgoing.httpStatus;
    try {
      respondError(exchange, { ...outgoing, httpStatus }, settings, call);
    } finally {
      call?.end();
    }
  };
  try {
    const form = route.streamForms?.of(exchange.header("accept"));
    const chosen = settings.compression.codingFor(exchange, form?.contentType);
    const limitMs = form !== undefined ? Infinity : settings.limits.callTimeoutMs;
    const { timeoutMs = Infinity, applied } = timeoutOf(exchange, limitMs);
    call = openCall(exchange, route, settings, {
      metadata: metadataOf(exchange, settings.requestMetadata),
      timeoutMs: Math.min(timeoutMs, limitMs),
      onHeader: () => begin(),
    });
    const read = () => readRequest(exchange, route, parts, settings);
    const more = applied === undefined ? [] : ["preference-applied", applied];
    const answering: Answering = { exchange, route, call, more, chosen, settings };
    let waiting: Promise<void> | undefined;
    if (form === undefined) waiting = answerOnce(answering, read);
    else {
      const stream = new StreamAnswer(answering, form);
      begin = () => stream.onHeader();
      waiting = stream.run(read);
    }
    if (waiting !== undefined) {
      exchange.onGone(call.cancel.bind(call));
      return waiting.then(call.end.bind(call), fail);
    }
    call.end();
  } catch (thrown) {
    fail(thrown);
  }
  return undefined;
}

function answerOnce(answering: Answering, read: () => unknown): Promise<void> | undefined {
  const { exchange, route, call, settings } = answering;
  const content = call.unary(read, (message) => contentOf(exchange, route, message, settings));
  return content instanceof Promise
    ? content.then((later) => sendOnce(answering, later))
    : sendOnce(answering, content);
}

/** Sends the whole answer; a promise if it must be compressed first. */
function sendOnce(
  { exchange, call, more, chosen, settings }: Answering,
  content: Content,
): Promise<void> | undefined {
  const { compression } = settings;
  const headers = commonHeaders(exchange, settings, call);
  headers.push(...more);
  // What is no read is not cached.
  if (isRead(exchange)) compression.addVaryOf(headers, content, chosen);
  const known = content.tag && knownTag(exchange, content.tag);
  if (known !== undefined) {
    headers.push("etag", tagText(known));
    exchange.respond({ status: 304, headers }, undefined);
    return undefined;
  }
  const coding = compression.codingOf(content, chosen);
  if (coding !== undefined) headers.push("content-encoding", coding);
  if (content.tag !== undefined) headers.push("etag", tagText(content.tag, coding));
  const send = (body: string | Uint8Array): void => {
    const bodyBytes = Buffer.byteLength(body);
    headers.push("content-type", content.type, "content-length", String(bodyBytes));
    exchange.respond({ status: 200, headers, bodyBytes }, body);
  };
  if (coding !== undefined) return codings[coding].compress(content.body).then(send);
  send(content.body);
  return undefined;
}

/** An answer that is a stream. Its head goes out with the first message: until then an error has a status of its own. */
class StreamAnswer {
  readonly #answering: Answering;
  readonly #form: StreamForm;
  #writer: ResponseWriter | undefined;
  /** True if something was sent since the last look. */
  #hasSpoken = false;
  /** True while the client must take a part before the next one. */
  #isWaiting = false;
  #silence: TimeLimit | undefined;

  constructor(answering: Answering, form: StreamForm) {
    this.#answering = answering;
    this.#form = form;
    this.#breakSilence();
  }

  /** Sends comments while nothing else is sent. */
  #breakSilence(): void {
    const { comment, contentType } = this.#form;
    if (comment === undefined || contentType === undefined) return;
    this.#silence = new TimeLimit(this.#answering.settings.limits.commentIntervalMs, () => {
      try {
        if (!this.#hasSpoken && !this.#isWaiting)
          this.#written(this.#begin(contentType).write(comment))?.catch(() => {});
      } catch {
        // A head that cannot be sent fails the call with its first message.
      }
      this.#hasSpoken = false;
      this.#breakSilence();
    });
  }

  /** Notes that the client must take a part first. */
  #written(waiting: Promise<void> | undefined): Promise<void> | undefined {
    if (waiting === undefined) return undefined;
    this.#isWaiting = true;
    return waiting.finally(() => (this.#isWaiting = false));
  }

  /** Sends the head, once. */
  #begin(type: string): ResponseWriter {
    if (this.#writer === undefined) {
      const { exchange, call, more, chosen, settings } = this.#answering;
      const headers = commonHeaders(exchange, settings, call);
      if (this.#form.contentType !== undefined) addVary(headers, "accept");
      headers.push(...more, "cache-control", "no-store");
      this.#writer = settings.compression.begin(exchange, type, headers, chosen);
    }
    return this.#writer;
  }

  /** The method has sent what it has to say before its first message. */
  onHeader(): void {
    // The type of a body that is no JSON comes with its first part.
    if (this.#form.contentType !== undefined) this.#begin(this.#form.contentType);
  }

  /** @throws {ServerError} if nothing was sent yet. */
  async run(read: () => unknown): Promise<void> {
    const { call, route, settings } = this.#answering;
    const { contentType = "application/octet-stream", end, failure } = this.#form;
    try {
      await call.stream(read, (message) => {
        this.#hasSpoken = true;
        return this.#written(this.#send(message));
      });
      this.#silence?.clear();
      const writer = this.#begin(contentType);
      if (end !== "") await writer.write(end);
      writer.end();
    } catch (thrown) {
      this.#silence?.clear();
      if (this.#writer === undefined) throw thrown;
      const outgoing = failureOf(thrown, call, route, settings);
      if (failure === undefined) this.#writer.breakOff();
      else {
        await this.#writer.write(failure(errorLine(outgoing), outgoing.json.retryAfterSeconds));
        this.#writer.end();
      }
    }
  }

  #send(message: unknown): Promise<void> | undefined {
    const { contentType } = this.#form;
    if (contentType !== undefined) {
      const part = sharedForm(message, this.#form, this.#makePart);
      return this.#begin(contentType).write(part);
    }
    const { exchange, route, settings } = this.#answering;
    const { type, body } = contentOf(exchange, route, message, settings);
    return this.#begin(type).write(body);
  }

  readonly #makePart = (message: unknown, isShared: boolean): Part => {
    const { route, settings } = this.#answering;
    const id = route.resume && valueOf(message as Properties, route.resume.response.field);
    const json = jsonOf(route, message, settings.write);
    const text = this.#form.message(json, typeof id === "string" && id !== "" ? id : undefined);
    return isShared ? new SharedPart(text) : text;
  };
}
