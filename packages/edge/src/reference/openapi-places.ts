import type { Place } from "../places/place.js";
import { resourcePlace } from "../places/resource.js";
import type { Route } from "../routing/route.js";
import type { EdgeSettings } from "../serve/settings.js";
import { withBodyMasks } from "./body-masks.js";
import type { OpenApiOptions } from "./openapi-options.js";

/** The places of an OpenAPI document, and of the page that shows it. @param routes What the document is of. */
export function openApiPlaces(
  { document, path = "/openapi.json", page }: OpenApiOptions,
  routes: readonly Route[],
  settings: EdgeSettings,
): Place[] {
  const { title } = (document as { info: { title?: unknown } }).info;
  const body = JSON.stringify(withBodyMasks(document, routes));
  const parts = page?.resources(path, typeof title === "string" ? title : "") ?? [];
  return [
    resourcePlace("openapi.path", { path, contentType: "application/json", body }, settings),
    ...parts.map((part) => resourcePlace("openapi.page", part, settings)),
  ];
}
