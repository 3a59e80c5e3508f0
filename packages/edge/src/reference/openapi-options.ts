import { rules, type RulesOf } from "@callwire/transport/client";
import type { StaticResource } from "../places/static-resource.js";

/** A page for people that shows an OpenAPI document. `docsPage` of @callwire/edge/docs makes one. */
export interface ReferencePage {
  /** What the page is made of. @param documentPath Where the document is served. @param title What the document calls itself. */
  resources(documentPath: string, title: string): readonly StaticResource[];
}

/** What an edge serves of its contract, to anybody. */
export interface OpenApiOptions {
  /** The document: `openapi.json` of protoc-gen-callwire, parsed. */
  readonly document: object;
  /** Where it is served. Default: `/openapi.json`. */
  readonly path?: string;
  /** A page that shows it. Default: none. */
  readonly page?: ReferencePage;
}

export const openApiRules: RulesOf<OpenApiOptions> = {
  document: rules.required(rules.rule("an OpenAPI document, parsed", isDocument)),
  path: rules.nonEmptyText,
  page: rules.objectWith("resources"),
};

function isDocument(value: unknown): boolean {
  if (typeof value !== "object" || value === null) return false;
  const { openapi, info } = value as { openapi?: unknown; info?: unknown };
  return typeof openapi === "string" && typeof info === "object" && info !== null;
}
