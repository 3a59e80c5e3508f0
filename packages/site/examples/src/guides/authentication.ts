import { createClient } from "@callwire/client-sdk";
import {
  auth,
  createLogger,
  createServer,
  defaultMiddleware,
  except,
  forMethods,
} from "@callwire/server-kit";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

interface Caller {
  subject: string;
  roles: readonly string[];
}

/** A server whose callers have tokens and roles. */
export function guardedServer(callers: ReadonlyMap<string, Caller>) {
  const logger = createLogger({ level: "silent" });
  return createServer({
    middleware: defaultMiddleware({
      logger,
      verify: (token) => callers.get(token),
      allow: {
        "shop.v1.StockService/*": ["seller", "display"],
        "shop.v1.StockService/Reserve": "seller",
      },
    }),
  }).add(StockServiceDefinition, {
    async reserve({ count }, { auth, log }) {
      log.info({ by: auth.subject }, "reserving");
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
