import { decodeStatusMessage, parseStatus } from "@callwire/transport/seam";
import { Metadata } from "nice-grpc-common";
import { addField } from "./metadata.js";
import type { Ending, Protocol } from "./protocol.js";
import type { WebProtocol } from "./web-protocol.js";

const protocol: Protocol = {
  name: "gRPC-Web",
  mediaType: "application/grpc-web+proto",
  endFlag: 0x80,
  fields: (timeoutMs) => ({
    "x-grpc-web": "1",
    ...(timeoutMs < Infinity && { "grpc-timeout": timeoutText(timeoutMs) }),
  }),
  readEnd(bytes) {
    const fields = new Map<string, string>();
    const trailer = Metadata();
    for (const line of new TextDecoder().decode(bytes).split(/\r?\n/)) {
      const [, name, value = ""] = /^([^:]+):(.*)$/.exec(line) ?? [];
      if (name === undefined) continue;
      fields.set(name.toLowerCase(), value.trim());
      addField(trailer, name.toLowerCase(), value.trim());
    }
    const ending = endingOf(trailer, fields);
    if (ending === undefined) throw new Error("they have no grpc-status");
    return ending;
  },
  readError: (_, trailer, fields) => endingOf(trailer, fields),
};

/**
 * gRPC-Web (grpc/grpc, PROTOCOL-WEB.md): the envelopes of gRPC, with the trailers in the last one. For servers and proxies that have
 * no Connect, such as Envoy. Requests cannot be streamed.
 */
export const grpcWeb: WebProtocol = protocol;

/** At most 8 digits and a unit (gRPC over HTTP/2, "Requests"). */
function timeoutText(ms: number): string {
  return ms < 1e8 ? `${ms}m` : `${Math.min(Math.ceil(ms / 1000), 1e8 - 1)}S`;
}

function endingOf(
  trailer: Metadata,
  fields: { get(name: string): string | null | undefined },
): Ending | undefined {
  const status = fields.get("grpc-status") ?? undefined;
  if (status === undefined) return undefined;
  return {
    code: parseStatus(status),
    message: decodeStatusMessage(fields.get("grpc-message") ?? ""),
    trailer,
  };
}
