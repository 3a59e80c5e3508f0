import type { EdgeMethod } from "../calls/edge-method.js";
import type { EdgeSettings } from "../serve/settings.js";
import type { Place } from "./place.js";

/** A place that `createEdge` opens, once it knows the methods. */
export interface Mount {
  /** Header fields that pages of other origins may send, in lower case. */
  readonly requestHeaders: readonly string[];
  /** @throws {Error} that says which method cannot be served so. */
  open(methods: readonly EdgeMethod[], settings: EdgeSettings): Place;
}
