import type { IncomingMessage, ServerResponse } from "node:http";
import type { Duplex } from "node:stream";
import type { Logger } from "@callwire/server-kit";

/** Writes a line when a request has ended. */
export function logRequest(logger: Logger, request: IncomingMessage, response: ServerResponse): void {
  const fields = fieldsOf(request);
  response.once("close", () => {
    const { statusCode, writableFinished } = response;
    const line = {
      ...fields(),
      "http.response.status_code": statusCode,
      ...(!writableFinished && { "http.cut_off": true }),
    };
    if (statusCode >= 500) logger.error(line, "finished request");
    else logger.info(line, "finished request");
  });
}

/** Writes a line when a request that asked for another protocol has ended, and all that came of it. */
export function logUpgrade(logger: Logger, request: IncomingMessage, socket: Duplex): void {
  const fields = fieldsOf(request);
  socket.once("close", () => {
    logger.info({ ...fields(), "http.upgrade": request.headers.upgrade }, "finished request");
  });
}

/** What is known of a request when it has ended. Its query is left out: it may have what is nobody's to read. */
function fieldsOf({ method, url = "", socket: { remoteAddress } }: IncomingMessage): () => object {
  const startedAt = performance.now();
  return () => ({
    "http.request.method": method,
    "url.path": url.split("?", 1)[0],
    "http.time_ms": Math.round((performance.now() - startedAt) * 1000) / 1000,
    "peer.address": remoteAddress,
  });
}
