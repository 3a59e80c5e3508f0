import { JSON_TYPE } from "../errors/error-body.js";
import { prefers } from "../http/accept.js";

/** The form of a stream of responses. */
export interface StreamForm {
  /** Undefined if each message has its own. */
  readonly contentType: string | undefined;
  /** A message. @param id Its position in the stream, if it has one. */
  message(json: string, id: string | undefined): string;
  /** Says nothing, and shows that the stream goes on; undefined if it has no such part. */
  readonly comment?: string;
  /** The end of a stream that went well. */
  readonly end: string;
  /** The end of one that failed; undefined if it has no place for it. @param retrySeconds How long to wait before a repeat. */
  readonly failure: ((json: string, retrySeconds: number | undefined) => string) | undefined;
}

/** The media types that a stream of requests may have. */
export const NDJSON_TYPES: readonly string[] = [
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
];

/** A line for each message, and a last one with `error` if the call fails. */
const ndjson: StreamForm = {
  contentType: "application/x-ndjson",
  message: (json) => `${json}\n`,
  end: "",
  failure: (json) => `${json}\n`,
};

const SSE_TYPE = "text/event-stream";
/** What a client may want more than events: lines, by any of their names. */
const INSTEAD = [...NDJSON_TYPES, JSON_TYPE];

/** What may not stand in the id of an event: it would be another line, or none. */
// oxlint-disable-next-line no-control-regex
const NO_ID = /[\0\r\n]/;

/** Server-Sent Events (WHATWG HTML, section 9.2). A browser comes back after each end but one that `end` tells of. */
const events: StreamForm = {
  contentType: SSE_TYPE,
  message: (json, id) =>
    id === undefined || NO_ID.test(id) ? `data: ${json}\n\n` : `id: ${id}\ndata: ${json}\n\n`,
  comment: ":\n\n",
  end: "event: end\ndata: {}\n\n",
  failure: (json, retrySeconds) => {
    const retry = retrySeconds === undefined ? "" : `retry: ${retrySeconds * 1000}\n`;
    return `${retry}event: error\ndata: ${json}\n\n`;
  },
};

/** Bodies that are no JSON, one after another (google.api.HttpBody). */
const raw: StreamForm = { contentType: undefined, message: (json) => json, end: "", failure: undefined };

/** The forms that a stream of responses of one route may have. What is kept of a message that many watch is kept by its form. */
export class StreamForms {
  readonly #isRaw: boolean;
  readonly #ndjson = { ...ndjson };
  readonly #events = { ...events };

  /** @param isRaw True if the messages are bodies. */
  constructor(isRaw: boolean) {
    this.#isRaw = isRaw;
  }

  /** The form that a client asks for. Default: NDJSON. */
  of(accept: string | undefined): StreamForm {
    if (this.#isRaw) return raw;
    return prefers(accept, SSE_TYPE, INSTEAD) ? this.#events : this.#ndjson;
  }
}
