import { CallError, createClient, Status } from "@callwire/client-sdk";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";

export async function call(address) {
  const health = createClient(HealthDefinition, { address });
  await health.check({});
  try {
    await health.check({ service: "nobody" });
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== Status.NOT_FOUND) throw error;
    console.log("served and called");
  }
  health.close();
}
