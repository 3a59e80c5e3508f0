import type { Exchange } from "../http/exchange.js";
import { commonHeaders } from "../serve/answer.js";
import type { EdgeSettings } from "../serve/settings.js";

/** Answers with a text that holds for this moment. */
export function respondText(
  exchange: Exchange,
  status: number,
  type: string,
  text: string,
  settings: EdgeSettings,
): undefined {
  const headers = commonHeaders(exchange, settings);
  const length = String(Buffer.byteLength(text));
  headers.push("content-type", type, "content-length", length, "cache-control", "no-store");
  exchange.respond({ status, headers }, text);
  return undefined;
}
