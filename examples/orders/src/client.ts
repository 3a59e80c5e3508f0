import { readFileSync } from "node:fs";
import { CallError, createClient, Status } from "@callwire/client-sdk";
import { OrderServiceDefinition } from "./gen/orders/v1/order_service.js";

const { ADDRESS = "localhost:50051", TOKEN = "", TLS_CA = "ca.pem" } = process.env;
const tls = { ca: readFileSync(TLS_CA) };
await using orders = createClient(OrderServiceDefinition, { address: ADDRESS, token: TOKEN, tls });

const { order } = await orders.placeOrder({ item: "lamp", count: 2 });
const id = order?.id ?? "";
console.log("placed", (await orders.getOrder({ id })).order?.item);

const more = [{ item: "chair", count: 4 }, { item: "" }, { item: "table", count: 1 }];
console.log("imported", await orders.importOrders(more));

const onHeader = () => void orders.cancelOrder({ id }).catch(report);
for await (const change of orders.watchOrders({}, { onHeader })) {
  console.log("changed", change.order?.item, change.order?.state);
  break;
}

await orders.placeOrder({}).catch(report);

function report(error: unknown): void {
  if (!(error instanceof CallError)) throw error;
  const { code, details } = error;
  console.log(Status[code], details.errorInfo?.reason, details.badRequest?.fieldViolations);
}
