import { ServerReflectionDefinition } from "@callwire/contracts/grpc/reflection/v1";
import { ServerReflectionDefinition as ServerReflectionV1AlphaDefinition } from "@callwire/contracts/grpc/reflection/v1alpha";

/** Both versions of the service that `reflectionService` serves. Apart from it: what it parses is loaded where it is asked for. */
export const reflectionDefinitions = [ServerReflectionDefinition, ServerReflectionV1AlphaDefinition] as const;
