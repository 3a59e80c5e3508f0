import { createHash } from "node:crypto";
import { codings, type Coding } from "../compression/codings.js";
import type { EntityTag } from "../conditional/entity-tags.js";
import type { Route } from "../routing/route.js";

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

/** What a path is: segments, of characters that need no escape. */
const PATH = /^(?:\/[A-Za-z0-9\-._~]+)+$/;

/**
 * Resources by their paths.
 *
 * @throws {Error} for what is no path, and for one that is there twice, or that a rule of the contract has to the letter.
 */
export function resourcesByPath(
  resources: readonly StaticResource[],
  routes: readonly Route[],
): ReadonlyMap<string, ServedResource> {
  const byPath = new Map<string, ServedResource>();
  for (const resource of resources) {
    const { path } = resource;
    if (!PATH.test(path) || path.split("/").some((segment) => /^\.\.?$/.test(segment)))
      throw new TypeError(`createEdge: openapi: ${JSON.stringify(path)} is no path, as "/openapi.json" is`);
    if (byPath.has(path)) throw new Error(`createEdge: openapi: two things are to be served at ${path}`);
    const route = routes.find(({ template }) => template.text === path);
    if (route !== undefined)
      throw new Error(`createEdge: openapi: ${path} is the path of ${route.name}: state another one`);
    byPath.set(path, new ServedResource(resource));
  }
  return byPath;
}
