import { createClient } from "@callwire/client-sdk";
import {
  auth,
  createLogger,
  createServer,
  errorBoundary,
  except,
  forMethods,
  permissionDenied,
  type Middleware,
} from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

interface Caller {
  subject: string;
  roles: readonly string[];
}

/** Lets only callers with a role pass. Place it after `auth`: anywhere else, it does not compile. */
function requireRole(role: string): Middleware<{}, { auth: Caller }> {
  return {
    name: "requireRole",
    needs: ["auth"],
    arrived(call) {
      if (!call.auth.roles.includes(role)) throw permissionDenied({ metadata: { role } });
    },
  };
}

/** A server whose callers have tokens, and one of whose methods needs a role. */
export function guardedServer(callers: ReadonlyMap<string, Caller>) {
  const logger = createLogger({ level: "silent" });
  return createServer({
    middleware: [
      errorBoundary({ logger }),
      auth({ verify: (token) => callers.get(token) }),
      forMethods("shop.v1.StockService/Reserve", requireRole("seller")),
    ],
  }).add(StockServiceDefinition, {
    async reserve({ count }, { auth }) {
      logger.info({ by: auth.subject });
      return { left: 3 - count };
    },
    async *watchItem() {
      yield { left: 3 };
    },
  });
}

/** A server that asks only some callers who they are. */
export function halfOpenServer(callers: ReadonlyMap<string, Caller>) {
  return createServer({
    middleware: [
      forMethods(except("shop.v1.StockService/WatchItem"), auth({ verify: (token) => callers.get(token) })),
    ],
  });
}

/** A client whose token is renewed before it expires. */
export function renewingClient(
  address: string,
  fetchToken: () => Promise<{ token: string; expiresMs: number }>,
) {
  let current = { token: "", expiresMs: 0 };
  return createClient(StockServiceDefinition, {
    address,
    async token() {
      if (Date.now() > current.expiresMs - 10_000) current = await fetchToken();
      return current.token;
    },
  });
}
