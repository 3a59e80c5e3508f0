import type { Place } from "../places/place.js";
import { resourcePlace } from "../places/resource.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { OpenApiOptions } from "./openapi-options.js";

/** The places of an OpenAPI document, and of the page that shows it. */
export function openApiPlaces(
  { document, path = "/openapi.json", page }: OpenApiOptions,
  settings: EdgeSettings,
): Place[] {
  const { title } = (document as { info: { title?: unknown } }).info;
  const body = JSON.stringify(document);
  const parts = page?.resources(path, typeof title === "string" ? title : "") ?? [];
  return [
    resourcePlace("openapi.path", { path, contentType: "application/json", body }, settings),
    ...parts.map((part) => resourcePlace("openapi.page", part, settings)),
  ];
}
