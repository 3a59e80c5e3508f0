import { checkPem, rules, type RulesOf } from "@callwire/transport";
import type { ClientRuntime, RuntimeChannel, RuntimeCredentials } from "@callwire/transport";
import type { ClientOptions, TlsOptions } from "../client-options.js";
import { defaultChannelOptions } from "./channel-options.js";
import { parseAddress } from "./target.js";

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

/** Opens the channel that the options describe. Throws a TypeError if they contradict each other. */
export function openChannel(options: ClientOptions, runtime: ClientRuntime): RuntimeChannel {
  const { address, scheme, isLocal } = parseAddress(options.address);
  const credentials = credentialsFor(scheme, options, runtime);
  if (options.token !== undefined && !credentials._isSecure() && !isLocal && !options.allowTokenInClear) {
    throw new TypeError(
      `refusing to send a token in clear text to ${address}: use TLS, or set allowTokenInClear if the network is trusted`,
    );
  }
  return runtime.openChannel(address, credentials, { ...defaultChannelOptions, ...options.channelOptions });
}
