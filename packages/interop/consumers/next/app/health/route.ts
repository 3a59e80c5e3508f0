import { CallError, createClient, Status } from "@callwire/client-sdk";
import { HealthDefinition } from "@callwire/contracts/grpc/health/v1";
import { createServer } from "@callwire/server-kit";

export async function GET(): Promise<Response> {
  const server = createServer();
  const port = await server.listen("127.0.0.1:0");
  const health = createClient(HealthDefinition, { address: `127.0.0.1:${port}` });
  await health.check({});
  const error = await health.check({ service: "nobody" }).catch((error: unknown) => error);
  health.close();
  await server.shutdown();
  const isRight = error instanceof CallError && error.code === Status.NOT_FOUND;
  return new Response(isRight ? "served and called" : String(error));
}

export const dynamic = "force-dynamic";
