import { warnUnused } from "../grpc/option-names.js";
import type { BalancingPolicy } from "./balancer.js";

/**
 * The policy that a service config in JSON asks for; undefined if it names none that is known. Of the policies listed
 * the first known one counts (gRPC, "Service Config").
 *
 * @throws {TypeError} if it is no JSON, or a policy's settings are not of their types.
 */
export function balancingOf(serviceConfig: string): BalancingPolicy | undefined {
  let config: unknown;
  try {
    config = JSON.parse(serviceConfig);
  } catch (cause) {
    throw new TypeError(`createChannel: grpc.service_config is no JSON: ${(cause as Error).message}`, {
      cause,
    });
  }
  warnOfMethods(config);
  const policies = (config as { loadBalancingConfig?: unknown } | null)?.loadBalancingConfig;
  if (!Array.isArray(policies)) return undefined;
  for (const policy of policies as unknown[]) {
    if (typeof policy !== "object" || policy === null) continue;
    if ("round_robin" in policy) return "round_robin";
    if ("pick_first" in policy) return isShuffled(policy.pick_first) ? "pick_first_shuffled" : "pick_first";
  }
  return undefined;
}

/** The settings of methods in a config are for middleware here. */
function warnOfMethods(config: unknown): void {
  if (typeof config !== "object" || config === null) return;
  for (const name of ["methodConfig", "retryThrottling", "healthCheckConfig"]) {
    if (name in config) warnUnused(name, "of grpc.service_config", "use middleware");
  }
}

/** gRPC A62. */
function isShuffled(settings: unknown): boolean {
  const value = (settings as { shuffleAddressList?: unknown } | null)?.shuffleAddressList ?? false;
  if (typeof value !== "boolean") {
    throw new TypeError("shuffleAddressList of pick_first in grpc.service_config is not a boolean");
  }
  return value;
}
