import { CallError, createClient, Status } from "@callwire/client-sdk";
import { InventoryServiceDefinition } from "./gen/inventory/v1/inventory_service.js";

const [address = "127.0.0.1:50051", token = ""] = process.argv.slice(2);

await using inventory = createClient(InventoryServiceDefinition, { address, token });

console.log(await inventory.reserve({ item: "lamp", count: 2 }));

for await (const { left } of inventory.watchStock({ item: "lamp" })) {
  console.log({ left });
  if (left === 0) break;
  await inventory.reserve({ item: "lamp", count: 1 });
}

try {
  await inventory.reserve({ item: "lamp", count: 1 });
} catch (error) {
  if (!(error instanceof CallError)) throw error;
  console.log(Status[error.code], error.details.preconditionFailure?.violations);
}
