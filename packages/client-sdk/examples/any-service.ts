import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createClient } from "@callwire/client-sdk";

const health = createClient(HealthDefinition, {
  address: process.env["HEALTH_ADDRESS"] ?? "127.0.0.1:50051",
  timeoutMs: 5_000,
  metadata: { "x-team": "payments" },
});
const { status } = await health.check({ service: "users.UserService" });
console.log(`status ${status}`);

health.close();
