const { CallError, createClient, Status } = require("@callwire/client-sdk");
const { HealthDefinition } = require("@callwire/contracts/grpc/health/v1");
const { createServer } = require("@callwire/server-kit");

async function main() {
  // Who imports them beside this gets the same classes. Yarn's Plug'n'Play gives others, for which instanceof is true as well.
  const imported = await import("@callwire/client-sdk");
  if (imported.CallError !== CallError && process.versions.pnp === undefined)
    throw new Error("there are two of each class");
  const server = createServer();
  const port = await server.listen("127.0.0.1:0");
  const health = createClient(HealthDefinition, { address: `127.0.0.1:${port}` });
  await health.check({});
  try {
    await health.check({ service: "nobody" });
  } catch (error) {
    if (!(error instanceof imported.CallError)) throw error;
    if (!(error instanceof CallError) || error.code !== Status.NOT_FOUND) throw error;
    console.log("served and called");
  }
  health.close();
  await server.shutdown();
}

void main();
