import { CallError, Status, type ServiceClient } from "@callwire/client-sdk";
import type { GreeterServiceDefinition } from "./gen/greeter/v1/greeter_service.js";

/** Greets somebody by the service; a person without a name is a stranger. */
export async function welcome(
  greeter: ServiceClient<GreeterServiceDefinition>,
  name: string,
): Promise<string> {
  try {
    return (await greeter.greet({ name })).greeting;
  } catch (error) {
    if (!(error instanceof CallError) || error.code !== Status.INVALID_ARGUMENT) throw error;
    return "Hello stranger!";
  }
}
