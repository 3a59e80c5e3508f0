import type { CompatServiceDefinition } from "@callwire/transport/server";
import type { MethodDescriptor } from "nice-grpc-common";
import { splitPath } from "./method.js";

/** A service as the kit sees it, whichever generator its definition comes from. */
export interface ServiceDescription {
  /** The service's full name, like `users.UserService`. */
  service: string;
  /** Its methods by the names of their handlers. */
  methods: ReadonlyMap<string, MethodDescriptor>;
}

interface AnyMethod extends Omit<MethodDescriptor, "options"> {
  name?: string;
  options?: MethodDescriptor["options"];
}

/** Describes a service from a definition of any of the forms that nice-grpc takes. */
export function describeService(definition: CompatServiceDefinition): ServiceDescription {
  const fullName =
    "fullName" in definition && typeof definition.fullName === "string" ? definition.fullName : undefined;
  // A definition by ts-proto names its service once; one by nice-grpc or grpc-js has a path in each method.
  const entries = Object.entries(
    (fullName === undefined ? definition : definition.methods) as Record<string, AnyMethod>,
  );
  const service = fullName ?? (entries[0] && splitPath(entries[0][1].path).service);
  if (service === undefined) throw new Error("the service definition has no methods");
  return {
    service,
    methods: new Map(
      entries.map(([handler, { name, path, requestStream, responseStream, options = {} }]) => [
        handler,
        {
          path: fullName === undefined ? path : `/${fullName}/${name}`,
          requestStream,
          responseStream,
          options,
        },
      ]),
    ),
  };
}
