const { CallError, createClient, Status } = require("@callwire/client-sdk");
const { HealthDefinition } = require("@callwire/contracts/grpc/health/v1");
const { createServer } = require("@callwire/server-kit");

test("serves and calls", async () => {
  const server = createServer();
  const port = await server.listen("127.0.0.1:0");
  const health = createClient(HealthDefinition, { address: `127.0.0.1:${port}` });
  await health.check({});
  const error = await health.check({ service: "nobody" }).catch((error) => error);
  expect(error).toBeInstanceOf(CallError);
  expect(error.code).toBe(Status.NOT_FOUND);
  health.close();
  await server.shutdown();
});
