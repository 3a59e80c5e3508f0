import { mayCall, type Cors } from "../http/cors.js";
import type { Exchange, ResponseWriter } from "../http/exchange.js";
import { tooMuch, type HeldBytes } from "../http/held-bytes.js";
import { addVary } from "../http/vary.js";
import { chooseCoding, type ChosenCoding } from "./accept-encoding.js";
import { codings, type Coding } from "./codings.js";
import { CompressedWriter } from "./compressed-writer.js";

/** How answers are compressed. */
export interface CompressionOptions {
  /** An answer of fewer bytes is not compressed: it would fit into one packet anyway. Default: 1,024. */
  readonly minBytes?: number;
}

const DEFAULT_MIN_BYTES = 1024;

/** The best first: of the two, Brotli makes less of the same text in the same time. */
const OFFERED: readonly Coding[] = ["br", "gzip"];

/** Media types that become smaller; pictures and the like are compressed already. */
const COMPRESSIBLE =
  /^(?:text\/(?!event-stream)|application\/(?:[\w.-]+\+)?(?:json|xml|x-ndjson|javascript|proto|x-protobuf)\b|image\/svg\+xml)/i;

/** The most values of `accept-encoding` that are remembered: what strangers make up must not fill the memory. */
const MAX_KNOWN = 64;

/** Who may learn from the size of an answer. */
export interface CompressionRisks {
  /** True if a cookie may say who calls. */
  readonly takesCookies: boolean;
  /** The pages that may call; undefined if no other origin may. */
  readonly cors: Cors | undefined;
}

/** True for so many bytes, or more. A text is counted only if its length does not say so: none of its characters has more than three. */
function hasBytes(body: string | Uint8Array, bytes: number): boolean {
  return body.length >= bytes || (3 * body.length >= bytes && Buffer.byteLength(body) >= bytes);
}

/** The whole body of an answer, and its media type. */
interface WholeBody {
  readonly type: string;
  readonly body: string | Uint8Array;
}

/** Compresses answers, for the clients that take it. */
export class Compression {
  readonly #offered: readonly Coding[];
  readonly #minBytes: number;
  readonly #risks: CompressionRisks;
  readonly #held: HeldBytes;
  /** What was chosen, by `accept-encoding`: most clients send the same. */
  readonly #known = new Map<string, ChosenCoding | undefined>();

  /** @param options False for none. @param held Counts the memory of compressors. */
  constructor(options: CompressionOptions | false, risks: CompressionRisks, held: HeldBytes) {
    this.#offered = options === false ? [] : OFFERED;
    this.#minBytes = (options === false ? undefined : options.minBytes) ?? DEFAULT_MIN_BYTES;
    this.#risks = risks;
    this.#held = held;
  }

  /**
   * The coding that a client asks for; undefined for none.
   *
   * @param type The media type of the answer, where it is known before.
   * @throws {EdgeError} if the client takes nothing that there is.
   */
  codingFor(exchange: Exchange, type?: string): ChosenCoding | undefined {
    const accept = exchange.header("accept-encoding");
    if (accept === undefined) return undefined;
    const isOffered = type === undefined || COMPRESSIBLE.test(type);
    const chosen = isOffered ? this.#choose(accept) : chooseCoding(accept, []);
    return chosen?.isForced === false && this.#mayLeak(exchange) ? undefined : chosen;
  }

  #choose(accept: string): ChosenCoding | undefined {
    if (this.#known.has(accept)) return this.#known.get(accept);
    const chosen = chooseCoding(accept, this.#offered);
    if (this.#known.size < MAX_KNOWN) this.#known.set(accept, chosen);
    return chosen;
  }

  /**
   * The coding of single messages, for a client whose protocol has a field of its own for it; undefined for none.
   *
   * @param field The field that lists the codings which the client takes.
   */
  codingOfMessages(exchange: Exchange, field: string): Coding | undefined {
    const accept = exchange.header(field);
    const chosen = accept === undefined ? undefined : this.#choose(accept);
    return chosen === undefined || this.#mayLeak(exchange) ? undefined : chosen.coding;
  }

  /** True if a message is long enough to be compressed. */
  isWorthwhile(message: Uint8Array): boolean {
    return message.length >= this.#minBytes;
  }

  /** The coding that a body is worth. @param chosen The one that the client asks for. */
  codingOf(content: WholeBody, chosen?: ChosenCoding): Coding | undefined {
    if (chosen === undefined || chosen.isForced) return chosen?.coding;
    return this.#isWorth(content) ? chosen.coding : undefined;
  }

  #isWorth({ type, body }: WholeBody): boolean {
    return hasBytes(body, this.#minBytes) && COMPRESSIBLE.test(type);
  }

  /**
   * As {@link addVary}, for an answer that could be compressed. One that is too short goes out to all clients in the same form: a field
   * more costs each of them about 1 us.
   */
  addVaryOf(headers: string[], content: WholeBody, chosen?: ChosenCoding): void {
    if (chosen?.isForced === true || this.#isWorth(content)) this.addVary(headers);
  }

  /**
   * Begins an answer that is a stream. Its messages go out one by one. Where memory is scarce, they go out as they are.
   *
   * @throws {EdgeError} if the client does not take them so.
   */
  begin(exchange: Exchange, type: string, headers: string[], chosen?: ChosenCoding): ResponseWriter {
    this.addVary(headers);
    headers.push("content-type", type);
    if (chosen === undefined || !(chosen.isForced || COMPRESSIBLE.test(type)))
      return exchange.begin({ status: 200, headers });
    const held = this.#held;
    const { compressor: open, compressorBytes } = codings[chosen.coding];
    if (!held.takeSpare(compressorBytes)) {
      if (chosen.isForced) throw tooMuch();
      return exchange.begin({ status: 200, headers });
    }
    headers.push("content-encoding", chosen.coding);
    const writer = exchange.begin({ status: 200, headers });
    return new CompressedWriter(
      writer,
      open().once("close", () => held.giveBack(compressorBytes)),
    );
  }

  /** Says, for caches, that the answer would be another one for another `accept-encoding`. */
  addVary(headers: string[]): void {
    if (this.#offered.length > 0) addVary(headers, "accept-encoding");
  }

  /**
   * True where another site's page could make a browser send this request in the user's name, and learn from the size of the
   * answer what is in it (BREACH): the browser itself has added who the user is.
   */
  #mayLeak(exchange: Exchange): boolean {
    const { takesCookies, cors } = this.#risks;
    if (takesCookies && exchange.header("cookie") !== undefined) return true;
    const authorization = exchange.header("authorization");
    if (authorization !== undefined && !/^bearer /i.test(authorization)) return true;
    const isAllowed = exchange.header("origin") !== undefined && mayCall(exchange, cors);
    return exchange.header("sec-fetch-site") === "cross-site" && !isAllowed;
  }
}
