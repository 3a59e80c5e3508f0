import { CallError, createClient, Status } from "@callwire/client-sdk";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createServer } from "@callwire/server-kit";

const server = createServer();
const port = await server.listen("127.0.0.1:0");
const health = createClient(HealthDefinition, { address: `127.0.0.1:${port}` });
await health.check({});
try {
  await health.check({ service: "nobody" });
} catch (error) {
  if (!(error instanceof CallError) || error.code !== Status.NOT_FOUND) throw error;
  console.log("served and called");
}
health.close();
await server.shutdown();
