import { toJsonText } from "@callwire/protobuf";
import { ServerError, Status } from "nice-grpc-common";
import { valueOf, type Properties } from "../binding/field-path.js";
import type { RequestParts } from "../binding/request-binding.js";
import type { EdgeCall } from "../calls/edge-method.js";
import type { Exchange, ResponseWriter } from "../http/exchange.js";
import { metadataOf } from "../http/metadata.js";
import { timeoutOf } from "../http/timeout.js";
import { reportFault } from "../internal/report-fault.js";
import type { Route } from "../routing/route.js";
import { streamFormOf } from "../streams/stream-form.js";
import { commonHeaders, errorLine, outgoingError, respondError } from "./answer.js";
import { readRequest } from "./read-request.js";
import type { EdgeSettings } from "./settings.js";

/** Makes a call of a request, and its answer of what comes back. It does not throw. */
export async function serveCall(
  exchange: Exchange,
  route: Route,
  parts: RequestParts,
  settings: EdgeSettings,
): Promise<void> {
  let call: EdgeCall | undefined;
  let begin = () => {};
  const { responseStream } = route.method.descriptor;
  try {
    const { timeoutMs = Infinity, applied } = timeoutOf(exchange);
    const limitMs = responseStream ? Infinity : settings.limits.callTimeoutMs;
    const allowedMs = Math.min(timeoutMs, limitMs);
    call = route.method.open({
      metadata: metadataOf(exchange, settings.requestMetadata),
      peer: exchange.peer,
      authority: exchange.authority,
      onHeader: () => begin(),
      ...(allowedMs !== Infinity && { timeoutMs: allowedMs }),
    });
    const { cancel } = call;
    exchange.onGone(cancel.bind(call));
    addRouteToLog(call, route);
    const read = () => readRequest(exchange, route, parts, settings);
    const more = applied === undefined ? [] : ["preference-applied", applied];
    if (responseStream) {
      const stream = new StreamAnswer(exchange, route, call, more, settings);
      begin = () => stream.begin();
      await stream.run(read);
    } else await answerOnce(exchange, route, call, read, more, settings);
  } catch (thrown) {
    const error = sendable(thrown);
    respondError(exchange, outgoingError(error, call, serviceOf(route), settings), settings, call);
  } finally {
    call?.end();
  }
}

async function answerOnce(
  exchange: Exchange,
  route: Route,
  call: EdgeCall,
  read: () => unknown,
  more: readonly string[],
  settings: EdgeSettings,
): Promise<void> {
  const { type, field } = route.response;
  const write = (message: unknown): string => {
    if (field === undefined) return toJsonText<unknown>(type, message, settings.write);
    const value = valueOf(message as Properties, field);
    // A message that is not there is null in JSON, as a field of its own would not be there.
    return value === undefined ? "null" : toJsonText<unknown>(type, value, settings.write);
  };
  const body = await call.unary(read, write);
  const headers = commonHeaders(exchange, settings, call);
  headers.push(
    ...more,
    "content-type",
    "application/json",
    "content-length",
    String(Buffer.byteLength(body)),
  );
  exchange.respond({ status: 200, headers }, body);
}

/** An answer that is a stream. Its head goes out with the first message: until then an error has a status of its own. */
class StreamAnswer {
  readonly #exchange: Exchange;
  readonly #route: Route;
  readonly #call: EdgeCall;
  readonly #more: readonly string[];
  readonly #settings: EdgeSettings;
  readonly #form: ReturnType<typeof streamFormOf>;
  #writer: ResponseWriter | undefined;

  constructor(
    exchange: Exchange,
    route: Route,
    call: EdgeCall,
    more: readonly string[],
    settings: EdgeSettings,
  ) {
    this.#exchange = exchange;
    this.#route = route;
    this.#call = call;
    this.#more = more;
    this.#settings = settings;
    this.#form = streamFormOf(exchange.header("accept"));
  }

  /** Sends the head, once. */
  begin(): ResponseWriter {
    if (this.#writer === undefined) {
      const headers = commonHeaders(this.#exchange, this.#settings, this.#call);
      headers.push(...this.#more, "content-type", this.#form.contentType, "cache-control", "no-store");
      this.#writer = this.#exchange.begin({ status: 200, headers });
    }
    return this.#writer;
  }

  /** @throws {ServerError} if nothing was sent yet. */
  async run(read: () => unknown): Promise<void> {
    try {
      for await (const text of this.#call.stream(read, (message) => this.#textOf(message))) {
        const waiting = this.begin().write(text);
        if (waiting !== undefined) await waiting;
      }
      const writer = this.begin();
      if (this.#form.end !== "") await writer.write(this.#form.end);
      writer.end();
    } catch (thrown) {
      if (this.#writer === undefined) throw thrown;
      const outgoing = outgoingError(sendable(thrown), this.#call, serviceOf(this.#route), this.#settings);
      await this.#writer.write(this.#form.failure(errorLine(outgoing), outgoing.json.retryAfterSeconds));
      this.#writer.end();
    }
  }

  #textOf(message: unknown): string {
    const { response, resume } = this.#route;
    const { write } = this.#settings;
    const sent = response.field === undefined ? message : valueOf(message as Properties, response.field);
    const json = sent === undefined ? "null" : toJsonText<unknown>(response.type, sent, write);
    const id = resume && valueOf(message as Properties, resume.response.field);
    return this.#form.message(json, typeof id === "string" && id !== "" ? id : undefined);
  }
}

/** The line of a call has its route too, where the kit's `logging` is among the middleware. */
function addRouteToLog(call: EdgeCall, { logFields }: Route): void {
  const { addLogFields } = call as { addLogFields?: (fields: Record<string, unknown>) => void };
  addLogFields?.(logFields);
}

function serviceOf({ name }: Route): string {
  return name.slice(0, name.lastIndexOf("/"));
}

/** What may be shown of what was thrown: calls throw nothing else than a ServerError, and mistakes of ours say nothing. */
function sendable(thrown: unknown): ServerError {
  if (thrown instanceof ServerError) return thrown;
  reportFault(thrown);
  return new ServerError(Status.INTERNAL, "internal error");
}
