import { CallError, createClient, Status } from "@callwire/client-sdk";
import { StockServiceDefinition } from "./gen/shop/v1/stock_service.js";

const { ADDRESS = "127.0.0.1:50051", TOKEN = "" } = process.env;

const stock = createClient(StockServiceDefinition, { address: ADDRESS, token: TOKEN });

for await (const { left } of stock.watchItem({ item: "lamp" })) {
  console.log(`${left} left`);
  if (left === 0) break;
  await stock.reserve({ item: "lamp", count: 1 });
}

try {
  await stock.reserve({ item: "lamp", count: 1 }, { timeoutMs: 2_000 });
} catch (error) {
  if (!(error instanceof CallError) || error.code !== Status.FAILED_PRECONDITION) throw error;
  console.log(`not reserved: ${error.details.preconditionFailure?.violations[0]?.description}`);
}

stock.close();
