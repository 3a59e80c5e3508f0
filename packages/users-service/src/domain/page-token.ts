import { createHash, createHmac, timingSafeEqual } from "node:crypto";

import { InvalidFields } from "./errors.js";
import type { Key } from "./user-keys.js";
import type { Cursor } from "./cursor.js";

/** Goes into every token, so that a later form can be told from this one. */
const FORM = 1;
/** Bytes of the authentication code: half a SHA-256, which RFC 2104, section 5 allows. */
const CODE_LENGTH = 16;

/** The request of a list: a page token is good only for the same one. */
export interface ListShape {
  readonly filter: string;
  readonly orderBy: string;
}

/** A token's content: its form, a digest of the {@link ListShape}, and a {@link Cursor}. */
type Content = [form: number, shape: string, sequence: number, ...keys: Key[]];

/**
 * Makes and reads page tokens: the place in a list after which the next page begins. A token is authenticated by the
 * store's own key, so what comes back is what was handed out, and it outlives a restart.
 */
export class PageTokens {
  readonly #key: Uint8Array;

  constructor(key: Uint8Array) {
    this.#key = key;
  }

  encode(shape: ListShape, { keys, sequence }: Cursor): string {
    const content: Content = [FORM, digest(shape), sequence, ...keys];
    const bytes = Buffer.from(JSON.stringify(content));
    return Buffer.concat([this.#code(bytes), bytes]).toString("base64url");
  }

  /** @throws {InvalidFields} on `page_token`. */
  decode(shape: ListShape, token: string): Cursor {
    const all = Buffer.from(token, "base64url");
    const bytes = all.subarray(CODE_LENGTH);
    // The second comparison refuses characters that the decoder of Node passes over.
    if (
      all.length <= CODE_LENGTH ||
      all.toString("base64url") !== token ||
      !timingSafeEqual(all.subarray(0, CODE_LENGTH), this.#code(bytes))
    ) {
      throw invalid("is not a token that this service made");
    }
    const [form, ofShape, sequence, ...keys] = JSON.parse(bytes.toString()) as Content;
    if (form !== FORM) {
      throw invalid("is of another version of this service: begin with the first page");
    }
    if (ofShape !== digest(shape)) {
      throw invalid("was made for another filter or order_by");
    }
    return { keys, sequence };
  }

  #code(bytes: Uint8Array): Buffer {
    return createHmac("sha256", this.#key).update(bytes).digest().subarray(0, CODE_LENGTH);
  }
}

function digest({ filter, orderBy }: ListShape): string {
  return createHash("sha256")
    .update(JSON.stringify([filter, orderBy]))
    .digest("base64url")
    .slice(0, 16);
}

function invalid(reason: string): InvalidFields {
  return new InvalidFields([{ field: "page_token", reason }]);
}
