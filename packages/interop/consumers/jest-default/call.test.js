const { CallError, createClient, Status } = require("@callwire/client-sdk");
const { HealthDefinition } = require("@callwire/contracts/grpc/health/v1");
const { createServer } = require("@callwire/server-kit");

test("serves and calls", async () => {
  expect.assertions(1);
  const server = createServer();
  const port = await server.listen("127.0.0.1:0");
  const health = createClient(HealthDefinition, { address: `127.0.0.1:${port}` });
  await health.check({});
  try {
    await health.check({ service: "nobody" });
  } catch (error) {
    expect(error instanceof CallError && error.code === Status.NOT_FOUND).toBe(true);
    console.log("served and called");
  }
  health.close();
  await server.shutdown();
});
