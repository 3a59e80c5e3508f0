import { createHash } from "node:crypto";
import { codings, type Coding } from "../compression/codings.js";
import type { EntityTag } from "../conditional/entity-tags.js";

/** Something that an edge serves as it is, to anybody: a document, or a part of a page. */
export interface StaticResource {
  /** The whole path, as `/openapi.json`. */
  readonly path: string;
  readonly contentType: string;
  readonly body: string;
  /** More header fields, names in lower case. Default: none. */
  readonly headers?: Readonly<Record<string, string>>;
}

/** A resource, ready to be sent. */
export class ServedResource {
  readonly resource: StaticResource;
  /** It changes with the body. */
  readonly tag: EntityTag;
  readonly #compressed = new Map<Coding, Promise<Uint8Array>>();

  constructor(resource: StaticResource) {
    this.resource = resource;
    const hash = createHash("sha256").update(resource.body).digest("base64url");
    this.tag = { opaque: hash.slice(0, 22), isWeak: false };
  }

  /** The body in a coding: it is made once, whoever asks for it. */
  compressed(coding: Coding): Promise<Uint8Array> {
    const known = this.#compressed.get(coding) ?? codings[coding].compress(this.resource.body);
    this.#compressed.set(coding, known);
    return known;
  }
}
