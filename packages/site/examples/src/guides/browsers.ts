import { CallError, connect, createClient, type ServiceClient, Status } from "@callwire/client-sdk/web";
import { createEdge, type Edge, type ServerEdgeOptions } from "@callwire/edge";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

export type StockClient = ServiceClient<typeof StockServiceDefinition>;

/** The page's client. */
export function stockOfPage(baseUrl: string, signedIn: () => Promise<string>): StockClient {
  return createClient(StockServiceDefinition, {
    baseUrl,
    protocol: connect,
    token: signedIn,
    timeoutMs: 5_000,
  });
}

export async function reserve(stock: StockClient, item: string, say: (text: string) => void) {
  try {
    const { left } = await stock.reserve({ item, count: 1 });
    say(`${left} left`);
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== Status.NOT_FOUND) throw error;
    say(`there is no ${error.details.resourceInfo?.resourceName}`);
  }
}

/** Shows each change until the person leaves. */
export async function watch(stock: StockClient, item: string, show: (left: number) => boolean) {
  for await (const { left } of stock.watchItem({ item })) {
    // Leaving the loop ends the request.
    if (!show(left)) break;
  }
}

/** The server's side: the edge answers pages of this origin. */
export function edgeForPages(server: ServerEdgeOptions["server"]): Edge {
  return createEdge({ server, cors: { origins: ["https://shop.example.com"] } });
}
