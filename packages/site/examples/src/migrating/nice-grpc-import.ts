import { createChannel, createClientFactory, createServer } from "@callwire/transport";
import {
  Metadata,
  ServerError,
  Status,
  type CallContext,
  type ServerMiddlewareCall,
} from "@callwire/transport";
import { deadlineMiddleware } from "nice-grpc-client-middleware-deadline";
import { retryMiddleware } from "nice-grpc-client-middleware-retry";
import { StockServiceDefinition } from "../gen/shop/v1/stock_service.js";

async function* requireToken<Request, Response>(
  call: ServerMiddlewareCall<Request, Response>,
  context: CallContext,
) {
  if (context.metadata.get("authorization") !== "Bearer till-1") {
    throw new ServerError(Status.UNAUTHENTICATED, "the token is not valid");
  }
  return yield* call.next(call.request, context);
}

export function stockServer() {
  const server = createServer().use(requireToken);
  server.add(StockServiceDefinition, {
    async reserve({ item, count }) {
      if (item !== "lamp") throw new ServerError(Status.NOT_FOUND, `there is no ${item}`);
      return { left: 3 - count };
    },
    async *watchItem() {
      yield { left: 3 };
    },
  });
  return server;
}

export async function reserve(address: string, item: string): Promise<number> {
  const channel = createChannel(address);
  const stock = createClientFactory()
    .use(retryMiddleware)
    .use(deadlineMiddleware)
    .use((call, options) => {
      const metadata = Metadata(options.metadata).set("authorization", "Bearer till-1");
      return call.next(call.request, { ...options, metadata });
    })
    .create(StockServiceDefinition, channel);
  try {
    const { left } = await stock.reserve(
      { item, count: 1 },
      { deadline: 2_000, retry: true, retryMaxAttempts: 3 },
    );
    return left;
  } finally {
    channel.close();
  }
}
