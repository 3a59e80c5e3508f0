import { createClient } from "@callwire/client-sdk";
import type { ServiceImplementation } from "@callwire/server-kit";
import { afterEach } from "@jest/globals";
import { StockServiceDefinition } from "../examples/src/gen/shop/v1/stock_service.js";

/** What ends with the test that has begun it. */
export const ends: (() => unknown)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

/** A server that can be started, and ended at once. */
export interface Stoppable {
  listen(address: string): Promise<number>;
  forceShutdown(): void;
}

/** Starts a server on a free port, until the end of the test. */
export async function listen(server: Stoppable): Promise<string> {
  ends.push(() => server.forceShutdown());
  return `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
}

/** Closes a client at the end of the test. */
export function closing<C extends { close(): void }>(client: C): C {
  ends.push(() => client.close());
  return client;
}

/** A client of the stock, until the end of the test. */
export const clientOf = (address: string) => closing(createClient(StockServiceDefinition, { address }));

/** A stock that has three of everything, always. */
export const stockOfThree: ServiceImplementation<typeof StockServiceDefinition> = {
  reserve: async ({ count }) => ({ left: 3 - count }),
  async *watchItem() {
    yield { left: 3 };
    yield { left: 2 };
  },
};
