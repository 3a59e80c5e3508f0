import { clearTextAdvice } from "#checks";
import { isLocalHost } from "../internal/local-host.js";
import { urlOf } from "./page-url.js";
import type { WebClientOptions } from "./web-options.js";

/** The base of the calls' URLs, without a slash at its end. Throws a TypeError if a token would leave this machine in clear text. */
export function baseUrlOf({
  baseUrl,
  token,
  allowTokenInClear,
}: Pick<WebClientOptions, "baseUrl" | "token" | "allowTokenInClear">): string {
  const { href, protocol, host, hostname } = urlOf(baseUrl);
  if (token !== undefined && protocol === "http:" && !isLocalHost(hostname) && !allowTokenInClear) {
    throw new TypeError(`refusing to send a token in clear text to ${host}${clearTextAdvice() ?? ""}`);
  }
  return href.replace(/\/$/, "");
}
