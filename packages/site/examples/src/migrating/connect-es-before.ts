import { createServer, type Http2Server } from "node:http2";
import { Code, ConnectError, createClient, type Interceptor } from "@connectrpc/connect";
import { connectNodeAdapter, createGrpcTransport } from "@connectrpc/connect-node";
import { StockService } from "../gen/es/shop/v1/stock_service_pb.js";

const requireToken: Interceptor = (next) => async (request) => {
  if (request.header.get("authorization") !== "Bearer till-1") {
    throw new ConnectError("the token is not valid", Code.Unauthenticated);
  }
  return await next(request);
};

export function stockServer(): Http2Server {
  const handler = connectNodeAdapter({
    interceptors: [requireToken],
    routes: (router) =>
      router.service(StockService, {
        async reserve({ item, count }) {
          if (item !== "lamp") throw new ConnectError(`there is no ${item}`, Code.NotFound);
          return { left: 3 - count };
        },
        async *watchItem() {
          yield { left: 3 };
        },
      }),
  });
  return createServer(handler);
}

const sendToken: Interceptor = (next) => async (request) => {
  request.header.set("authorization", "Bearer till-1");
  return await next(request);
};

export async function reserve(address: string, item: string): Promise<number> {
  const transport = createGrpcTransport({
    baseUrl: `http://${address}`,
    defaultTimeoutMs: 2_000,
    interceptors: [sendToken],
  });
  const stock = createClient(StockService, transport);
  try {
    const { left } = await stock.reserve({ item, count: 1 });
    return left;
  } catch (error) {
    if (ConnectError.from(error).code === Code.NotFound) return 0;
    throw error;
  }
}
