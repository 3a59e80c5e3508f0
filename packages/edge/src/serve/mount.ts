import type { EdgeMethod } from "../calls/edge-method.js";
import type { Exchange } from "../http/exchange.js";
import type { Route } from "../routing/route.js";
import type { EdgeSettings } from "./settings.js";

/** What is served at a path of its own, beside the routes. */
export interface Mounted {
  readonly path: string;
  /** The only method that the path has. */
  readonly httpMethod: string;
  /** Answers a request. What it rejects with is a mistake of ours. */
  serve(exchange: Exchange): Promise<void>;
}

/** What `createEdge` opens, once it knows the methods. */
export interface Mount {
  /** Header fields that pages of other origins may send, in lower case. */
  readonly requestHeaders: readonly string[];
  /** @throws {Error} that says which method cannot be served so. */
  open(methods: readonly EdgeMethod[], settings: EdgeSettings): Mounted;
}

/** @throws {Error} if a rule has the path: its requests would not come through. */
export function checkPath({ path }: Mounted, routes: readonly Route[]): void {
  const route = routes.find(({ template }) => template.text === path);
  if (route !== undefined)
    throw new Error(
      `${route.name}: the rule ${route.httpMethod} ${path} has the path of mcp: give mcp another one`,
    );
}
