import { plainText } from "../http2/plain-text.js";

/** The part of a body that is looked at, in bytes. */
const MAX_BODY_BYTES = 1024;
/** The time that the body of an answer that is not gRPC is waited for, in milliseconds. */
export const PAGE_TIMEOUT_MS = 1000;

/** The description of an answer that is not gRPC: an error page of a proxy, most often. */
export interface PageHead {
  contentType: string | undefined;
  /** The `server` field. */
  server: string | undefined;
}

/** Adds what stands there to an error's text: content-type, server, and the first line of the body. */
export function describePage(what: string, { contentType, server }: PageHead, body: Uint8Array): string {
  const fields = [what];
  if (contentType !== undefined && contentType !== "") fields.push(`content-type ${quoted(contentType)}`);
  if (server !== undefined && server !== "") fields.push(`server ${quoted(server)}`);
  const line = firstLine(body);
  return fields.join(", ") + (line === "" ? "" : `: ${line}`);
}

function quoted(text: string): string {
  return JSON.stringify(plainText(text));
}

/** The first line that says something; the lines of mere tags before it go with it. */
function firstLine(body: Uint8Array): string {
  const lines: string[] = [];
  for (const line of new TextDecoder().decode(body.subarray(0, MAX_BODY_BYTES)).split(/\r\n|\r|\n/)) {
    if (line.trim() === "") continue;
    lines.push(line);
    if (line.replace(/<[^>]*>/g, "").trim() !== "") break;
  }
  return plainText(lines.join(" "));
}

/** The body of an answer that is not gRPC, as it comes: its beginning, or what has come of it in time. */
export class ForeignBody {
  #bytes = Buffer.alloc(0);
  readonly #timer: NodeJS.Timeout;

  /** @param onLate Called after {@link PAGE_TIMEOUT_MS}, unless it is closed. */
  constructor(onLate: () => void) {
    this.#timer = setTimeout(onLate, PAGE_TIMEOUT_MS).unref();
  }

  get bytes(): Buffer {
    return this.#bytes;
  }

  /** Adds bytes; true if there are enough. */
  add(buffer: Buffer, start: number, end: number): boolean {
    const part = buffer.subarray(start, Math.min(end, start + MAX_BODY_BYTES - this.#bytes.length));
    this.#bytes = Buffer.concat([this.#bytes, part]);
    return this.#bytes.length >= MAX_BODY_BYTES;
  }

  close(): void {
    clearTimeout(this.#timer);
  }
}
