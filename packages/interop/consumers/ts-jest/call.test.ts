import { CallError, createClient, Status } from "@callwire/client-sdk";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createServer } from "@callwire/server-kit";

test("serves and calls", async () => {
  const server = createServer();
  const port = await server.listen("127.0.0.1:0");
  const health = createClient(HealthDefinition, { address: `127.0.0.1:${port}` });
  await health.check({});
  const error = await health.check({ service: "nobody" }).catch((error: unknown) => error);
  expect(error).toBeInstanceOf(CallError);
  expect((error as CallError).code).toBe(Status.NOT_FOUND);
  health.close();
  await server.shutdown();
});
