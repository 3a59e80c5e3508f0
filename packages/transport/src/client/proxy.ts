import { isExempt } from "./no-proxy.js";

/** An HTTP proxy that opens tunnels by CONNECT (RFC 9110, section 9.3.6). */
export interface Proxy {
  readonly host: string;
  readonly port: number;
  /** Proxy-Authorization (RFC 7617), if its URL has a user. It never stands in a message. */
  readonly authorization: string | undefined;
  /** The time that it may take to answer CONNECT, in milliseconds; `Infinity` for no limit. */
  readonly timeoutMs: number;
}

/** The proxy for a host, if there is one. */
export type ProxyChoice = (host: string, port: number) => Proxy | undefined;

/** The variables that name a proxy, the first one first, as in grpc-js; each also in upper case. */
const PROXY_VARIABLES = ["grpc_proxy", "https_proxy", "http_proxy"];
/** The variables that list hosts to be reached without it. */
const NO_PROXY_VARIABLES = ["no_grpc_proxy", "no_proxy"];
/** The port of an HTTP URL without one. */
const HTTP_PORT = 80;

/**
 * Pure: reads the URL of a proxy, `http://user:password@host:port`; `host:port` alone is one too.
 *
 * @throws {TypeError} if it is none. The message does not repeat it, as it may hold a password.
 */
export function parseProxy(text: string, name: string, timeoutMs: number): Proxy {
  let url: URL;
  let user: string;
  let password: string;
  try {
    url = new URL(text.includes("://") ? text : `http://${text}`);
    user = decodeURIComponent(url.username);
    password = decodeURIComponent(url.password);
  } catch {
    throw new TypeError(`${name} is not the URL of a proxy, as http://user:password@host:port is`);
  }
  if (url.protocol !== "http:") {
    throw new TypeError(
      `${name} has the scheme ${url.protocol}//, and only http:// is supported for a proxy`,
    );
  }
  return {
    // An IPv6 address stands in brackets in a URL.
    host: url.hostname.replace(/^\[|\]$/g, ""),
    port: url.port === "" ? HTTP_PORT : Number(url.port),
    authorization:
      user === "" && password === ""
        ? undefined
        : `Basic ${Buffer.from(`${user}:${password}`).toString("base64")}`,
    timeoutMs,
  };
}

/**
 * The choice of a proxy for each host, as the environment has it. A proxy that cannot be used is warned of and passed over,
 * as by grpc-js.
 */
export function environmentProxy(env: NodeJS.ProcessEnv, timeoutMs: number): ProxyChoice {
  const found = variable(env, PROXY_VARIABLES);
  if (found === undefined) return () => undefined;
  let proxy: Proxy;
  try {
    proxy = parseProxy(found.value, found.name, timeoutMs);
  } catch (error) {
    process.emitWarning(`${(error as Error).message}: connecting without it`, {
      code: "CALLWIRE_UNUSED_PROXY",
    });
    return () => undefined;
  }
  const exempt = variable(env, NO_PROXY_VARIABLES)?.value ?? "";
  return (host, port) => (isExempt(host, port, exempt) ? undefined : proxy);
}

/** The first variable that is set, and not empty. */
function variable(
  env: NodeJS.ProcessEnv,
  names: readonly string[],
): { name: string; value: string } | undefined {
  for (const lower of names) {
    for (const name of [lower, lower.toUpperCase()]) {
      // In a CGI program a client's header `Proxy` arrives as HTTP_PROXY (CVE-2016-5385).
      if (name === "HTTP_PROXY" && env["REQUEST_METHOD"] !== undefined) continue;
      const value = env[name]?.trim();
      if (value !== undefined && value !== "") return { name, value };
    }
  }
  return undefined;
}
