import { once } from "node:events";
import { createServer as createHttpServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createServer, type AnyMiddleware, type CallwireServer } from "@callwire/server-kit";
import { createChannel, type CompatServiceDefinition } from "@callwire/transport";
import { createEdge, type Edge } from "../create-edge.js";
import { readContract } from "../descriptors/contract.js";
import { messageTypesOf } from "../descriptors/message-types.js";
import { definitionOf } from "../descriptors/services.js";
import type { CommonEdgeOptions } from "../edge-options.js";
import { LibraryServiceDefinition } from "./gen/callwire/edge/testing/v1/library_service.js";
import { ProbeServiceDefinition } from "./gen/callwire/edge/testing/v1/probe_service.js";
import { descriptorSet } from "./gen/descriptor-set.js";
import { KindsDefinition, kindsService, withKindsRules } from "./kinds-service.js";
import { libraryService } from "./library-service.js";
import { probeService, type Seen } from "./probe-service.js";

/** An edge that listens. Disposing of it ends all that was started. */
export interface ServedEdge extends AsyncDisposable {
  readonly edge: Edge;
  readonly port: number;
  readonly url: string;
  readonly server: CallwireServer<unknown>;
  readonly seen: Seen;
}

/**
 * What is behind an edge: a server of the same process, or one behind a channel, whose contract is known by generated code or by
 * descriptors.
 */
export type Behind = "server" | "channel" | "channel, by descriptors";

/** How a test serves the probe. */
export interface ServeOptions {
  readonly behind?: Behind;
  readonly middleware?: readonly AnyMiddleware[];
  readonly options?: CommonEdgeOptions;
}

/** Serves the probe, the library and the kinds by an edge on a free port. */
export async function serveEdge({
  behind = "server",
  middleware = [],
  options = {},
}: ServeOptions = {}): Promise<ServedEdge> {
  const seen: Seen = { binds: [], masks: [], ended: 0, sums: 0, made: 0 };
  const server = createServer({ middleware });
  server.add(ProbeServiceDefinition, probeService(seen));
  server.add(LibraryServiceDefinition, libraryService());
  server.add(KindsDefinition, kindsService(seen));
  const served = (edge: Edge, port: number) => ({
    edge,
    port,
    seen,
    url: `http://127.0.0.1:${port}`,
    server: server as unknown as CallwireServer<unknown>,
  });
  let close = () => {};
  let edge: Edge;
  if (behind === "server") edge = createEdge({ ...options, server });
  else {
    const channel = createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
    close = () => channel.close();
    const definitions = [ProbeServiceDefinition, LibraryServiceDefinition, KindsDefinition];
    const services = behind === "channel" ? definitions : described(definitions);
    edge = createEdge({ ...options, channel, services });
  }
  if (behind === "server") {
    // On the port of gRPC.
    const port = await server.http(edge).listen("127.0.0.1:0");
    return { ...served(edge, port), [Symbol.asyncDispose]: async () => server.forceShutdown() };
  }
  const http = createHttpServer(edge.handler).on("upgrade", edge.upgrade).listen(0, "127.0.0.1");
  await once(http, "listening");
  return {
    ...served(edge, (http.address() as AddressInfo).port),
    async [Symbol.asyncDispose]() {
      const closed = once(http, "close");
      http.close();
      http.closeAllConnections();
      close();
      server.forceShutdown();
      await closed;
    },
  };
}

/** Definitions as they are made at run time. */
function described(definitions: readonly { readonly fullName: string }[]): CompatServiceDefinition[] {
  const contract = readContract(descriptorSet);
  const types = messageTypesOf(contract);
  return definitions.map(({ fullName }) => {
    const definition = definitionOf(contract.services.get(fullName)!, types);
    return fullName === KindsDefinition.fullName ? withKindsRules(definition) : definition;
  });
}

/** A request's answer, read to its end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
  readonly json: unknown;
}

/** Sends a request by fetch; a body that is no text is sent as JSON. */
export async function send(
  url: string,
  init: Omit<RequestInit, "headers"> & { headers?: Record<string, string>; json?: unknown } = {},
): Promise<Answer> {
  const { json, ...rest } = init;
  const response = await fetch(url, {
    ...rest,
    ...(json !== undefined && {
      body: typeof json === "string" ? json : JSON.stringify(json),
      headers: { "content-type": "application/json", ...rest.headers },
    }),
  });
  const text = await response.text();
  const { status, headers } = response;
  const isJson = /[/+]json$/.test(headers.get("content-type") ?? "") && text !== "";
  return { status, headers, text, json: isJson ? (JSON.parse(text) as unknown) : undefined };
}

/** The fields that a BadRequest names, with what is wrong. */
export function violationsOf({ json }: Answer): Record<string, string> {
  const { error } = json as {
    error: { details?: { "@type": string; fieldViolations?: { field?: string; description: string }[] }[] };
  };
  const detail = error.details?.find(({ "@type": type }) => type.endsWith("/google.rpc.BadRequest"));
  return Object.fromEntries(
    (detail?.fieldViolations ?? []).map(({ field = "", description }) => [field, description]),
  );
}
