import { isLocalHost } from "../internal/target.js";
import type { WebClientOptions } from "./web-options.js";

/**
 * The base of the calls' URLs, without a slash at its end. Throws a TypeError if it is none, or if a token would leave this machine
 * in clear text.
 */
export function baseUrlOf({ baseUrl, token, allowTokenInClear }: WebClientOptions<never>): string {
  const { location } = globalThis as { location?: { href: string } };
  let url: URL;
  try {
    url = new URL(baseUrl, location?.href);
  } catch {
    throw wrong(baseUrl);
  }
  if (!/^https?:$/.test(url.protocol) || url.search + url.hash !== "") throw wrong(baseUrl);
  if (token !== undefined && url.protocol === "http:" && !isLocalHost(url.hostname) && !allowTokenInClear) {
    throw new TypeError(
      `refusing to send a token in clear text to ${url.host}: use https://, or set allowTokenInClear if the network is trusted`,
    );
  }
  return url.href.replace(/\/$/, "");
}

function wrong(baseUrl: string): TypeError {
  return new TypeError(
    `baseUrl is ${JSON.stringify(baseUrl)}: it must be like "https://api.example.com/rpc"; on a page it may be like "/rpc"`,
  );
}
