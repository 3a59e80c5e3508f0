import * as grpc from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";

interface ReserveRequest {
  item: string;
  count: number;
}
interface StockClient extends grpc.Client {
  reserve(
    request: ReserveRequest,
    metadata: grpc.Metadata,
    options: grpc.CallOptions,
    callback: grpc.requestCallback<{ left: number }>,
  ): grpc.ClientUnaryCall;
  watchItem(request: { item: string }): grpc.ClientReadableStream<{ left: number }>;
}

const loaded = grpc.loadPackageDefinition(
  loadSync("shop/v1/stock_service.proto", {
    includeDirs: [new URL("../../proto", import.meta.url).pathname],
  }),
);
const { StockService } = (loaded["shop"] as grpc.GrpcObject)["v1"] as Record<
  string,
  grpc.ServiceClientConstructor
>;

export function stockServer(address: string, listening: (error: Error | null, port: number) => void) {
  const server = new grpc.Server();
  server.addService(StockService!.service, {
    reserve(
      call: grpc.ServerUnaryCall<ReserveRequest, { left: number }>,
      callback: grpc.sendUnaryData<{ left: number }>,
    ) {
      const { item, count } = call.request;
      if (item !== "lamp") {
        callback({ code: grpc.status.NOT_FOUND, details: `there is no ${item}` });
        return;
      }
      callback(null, { left: 3 - count });
    },
    watchItem(call: grpc.ServerWritableStream<{ item: string }, { left: number }>) {
      call.write({ left: 3 });
      call.end();
    },
  });
  server.bindAsync(address, grpc.ServerCredentials.createInsecure(), listening);
  return server;
}

export function stockClient(address: string) {
  return new StockService!(address, grpc.credentials.createInsecure()) as unknown as StockClient;
}

export function reserve(
  stock: StockClient,
  item: string,
  done: (error: Error | null, left?: number) => void,
) {
  const metadata = new grpc.Metadata();
  metadata.set("authorization", "Bearer till-1");
  const options = { deadline: Date.now() + 2_000 };
  stock.reserve({ item, count: 1 }, metadata, options, (error, response) => done(error, response?.left));
}

export function watch(stock: StockClient, each: (left: number) => void, done: (error?: Error) => void) {
  const events = stock.watchItem({ item: "lamp" });
  events.on("data", ({ left }: { left: number }) => each(left));
  events.on("error", done);
  events.on("end", done);
}
