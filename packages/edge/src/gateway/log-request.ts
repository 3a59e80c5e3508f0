import type { IncomingMessage, ServerResponse } from "node:http";
import type { Logger } from "@callwire/server-kit";

/** Writes a line when a request has ended. The query is left out: it may have what is nobody's to read. */
export function logRequest(logger: Logger, request: IncomingMessage, response: ServerResponse): void {
  const startedAt = performance.now();
  response.once("close", () => {
    const { statusCode, writableFinished } = response;
    const fields = {
      "http.request.method": request.method,
      "url.path": request.url?.replace(/\?.*$/s, ""),
      "http.response.status_code": statusCode,
      "http.time_ms": Math.round((performance.now() - startedAt) * 1000) / 1000,
      "peer.address": request.socket.remoteAddress,
      ...(!writableFinished && { "http.cut_off": true }),
    };
    if (statusCode >= 500) logger.error(fields, "finished request");
    else logger.info(fields, "finished request");
  });
}
