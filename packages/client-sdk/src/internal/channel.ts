import { checkPem, rules, type RulesOf } from "@callwire/transport/client";
import type { ClientRuntime, RuntimeChannel, RuntimeCredentials } from "@callwire/transport/client";
import type { ClientOptions, TlsOptions } from "../client-options.js";
import { defaultChannelOptions } from "./channel-options.js";
import { parseAddress, type Target } from "./target.js";

/** The options of `tls`. */
export const tlsRules: RulesOf<TlsOptions> = { ca: rules.pem, key: rules.pem, cert: rules.pem };

/** Pure but for the credentials it makes: what secures the connection. Throws a TypeError if the options contradict. */
function credentialsFor(
  scheme: "http" | "https" | undefined,
  { credentials, tls }: Pick<ClientOptions, "credentials" | "tls">,
  runtime: ClientRuntime,
): RuntimeCredentials {
  if (credentials && tls) throw new TypeError("give either tls or credentials, not both");
  const secure = credentials ? credentials._isSecure() : tls ? true : scheme === "https";
  if (scheme === "http" && secure)
    throw new TypeError('address begins with "http://", but tls or credentials secure it');
  if (scheme === "https" && !secure)
    throw new TypeError('address begins with "https://", but credentials are not secure');
  if (credentials) return credentials;
  if (!secure) return runtime.createCredentials(undefined);
  const pem = tls && tls !== true ? tls : {};
  if ((pem.key === undefined) !== (pem.cert === undefined)) {
    throw new TypeError("tls.key and tls.cert go together");
  }
  checkPem(pem, { cert: "tls.cert", key: "tls.key", ca: "tls.ca" });
  return runtime.createCredentials(pem);
}

/** The addresses of a client, read. Throws a TypeError if there are none, or one is none. */
export function targetsOf(options: ClientOptions): Target[] {
  const known = {
    hasResolver: options.channelOptions?.["resolver"] !== undefined,
    hasRuntime: options.runtime !== undefined,
  };
  return addressesOf(options).map((address) => parseAddress(address, known));
}

/** Opens the channel that the options describe. Throws a TypeError if they contradict each other. */
export function openChannel(
  targets: readonly Target[],
  options: ClientOptions,
  runtime: ClientRuntime,
): RuntimeChannel {
  const schemes = new Set(targets.map(({ scheme }) => scheme));
  if (schemes.size > 1) throw new TypeError("addresses must all have the same scheme, or none");
  const credentials = credentialsFor(targets[0]!.scheme, options, runtime);
  const addresses = targets.map(({ address }) => address);
  const isLocal = targets.every((target) => target.isLocal);
  if (options.token !== undefined && !credentials._isSecure() && !isLocal && !options.allowTokenInClear) {
    throw new TypeError(
      `refusing to send a token in clear text to ${addresses.join(", ")}: use TLS, or set allowTokenInClear if the network is trusted`,
    );
  }
  return runtime.openChannel(addresses.length === 1 ? addresses[0]! : addresses, credentials, {
    ...defaultChannelOptions,
    ...(options.balancing !== undefined && { "grpc.service_config": balancingConfig(options.balancing) }),
    ...options.channelOptions,
  });
}

function addressesOf({
  address,
  addresses,
}: Pick<ClientOptions, "address" | "addresses">): readonly string[] {
  if (address !== undefined && addresses !== undefined) {
    throw new TypeError("give either address or addresses, not both");
  }
  const list = addresses ?? (address === undefined ? undefined : [address]);
  if (list === undefined) {
    throw new TypeError(
      "createClient: the option 'address' is missing: it must be a text like 'host:port'; 'addresses' takes several",
    );
  }
  return list;
}

/** A policy as a service config, which both runtimes read (gRPC, "Service Config"). */
const policies: Record<NonNullable<ClientOptions["balancing"]>, object> = {
  pick_first: { pick_first: {} },
  pick_first_shuffled: { pick_first: { shuffleAddressList: true } },
  round_robin: { round_robin: {} },
};

function balancingConfig(balancing: NonNullable<ClientOptions["balancing"]>): string {
  return JSON.stringify({ loadBalancingConfig: [policies[balancing]] });
}
