import type { Exchange } from "../http/exchange.js";
import { parsePath } from "../routing/request-path.js";
import type { Route } from "../routing/route.js";
import type { Router } from "../routing/router.js";
import type { RpcMethods } from "../rpc/rpc-methods.js";

/** The longest path that is looked at, in characters: no name of a method is nearly as long. */
const MAX_LENGTH = 200;

/**
 * The path that was most likely meant by one where nothing is served: without the slash at its end, or that of a method whose name is
 * in another case, or lacks its package. Undefined if there is none.
 */
export function meantPath(
  { method }: Exchange,
  pathText: string,
  router: Router<Route>,
  rpcMethods: RpcMethods,
): string | undefined {
  if (pathText.length > MAX_LENGTH) return undefined;
  if (pathText.endsWith("/")) {
    const shorter = pathText.slice(0, -1);
    const path = parsePath(shorter);
    return path !== undefined && "route" in router.find(path, method) ? shorter : undefined;
  }
  const wanted = pathText.slice(1).toLowerCase();
  for (const path of rpcMethods.keys()) {
    const name = path.slice(1).toLowerCase();
    if (name === wanted || name.endsWith(`.${wanted}`)) return path;
  }
  return undefined;
}
