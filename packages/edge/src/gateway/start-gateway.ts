import { once } from "node:events";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import type { Logger } from "@callwire/server-kit";
import { createRegistry } from "@callwire/protobuf";
import { ChannelCredentials, createChannel, didYouMean, type Channel } from "@callwire/transport";
import { createEdge, type Edge } from "../create-edge.js";
import { readContract, type Contract, type DescribedService } from "../descriptors/contract.js";
import { messageTypesOf } from "../descriptors/message-types.js";
import { definitionOf, httpRulesOf } from "../descriptors/services.js";
import { logRequest } from "./log-request.js";
import { reflect } from "./reflection.js";
import type { GatewaySettings, TlsFiles } from "./settings.js";

/** A gateway that listens. */
export interface Gateway {
  readonly port: number;
  readonly edge: Edge;
  /** Takes no more connections, and lets running requests end; those that do not in time are cut off. */
  shutdown(options?: { timeoutMs?: number }): Promise<{ forced: boolean; cutOff: readonly string[] }>;
  /** Ends a shutdown at once. */
  forceShutdown(): void;
}

/**
 * Learns the contract, and listens.
 *
 * @throws {Error} that says what is wrong with the contract, with where it comes from, or with the address.
 */
export async function startGateway(settings: GatewaySettings, logger: Logger): Promise<Gateway> {
  const { target, host, port, corsOrigins, requestMetadata, responseMetadata, shutdownTimeoutMs } = settings;
  const channel = createChannel(target, credentialsOf(settings.tls));
  try {
    const { contract, services } = await contractOf(settings, channel);
    const types = messageTypesOf(contract);
    const edge = createEdge({
      channel,
      services: services.map((service) => definitionOf(service, types)),
      json: { ...settings.json, registry: createRegistry(...types.values()) },
      requestMetadata,
      responseMetadata,
      ...(corsOrigins.length > 0 && { cors: { origins: corsOrigins } }),
    });
    // The edge has bounds of its own on the time that a request takes, which may be a stream without an end.
    const server = createServer({ requestTimeout: 0 }, (request, response) => {
      logRequest(logger, request, response);
      edge.handler(request, response);
    });
    server.listen(port, host);
    await once(server, "listening").catch((error: Error) => {
      throw new Error(`--listen: ${error.message}`, { cause: error });
    });
    const closed = once(server, "close");
    let forced = false;
    const forceShutdown = () => {
      forced = true;
      server.closeAllConnections();
    };
    return {
      port: (server.address() as AddressInfo).port,
      edge,
      forceShutdown,
      async shutdown({ timeoutMs = shutdownTimeoutMs } = {}) {
        server.close();
        // A connection that is idle by then is of no use to anybody.
        server.on("request", (_, response) => response.on("close", () => server.closeIdleConnections()));
        const timer = setTimeout(forceShutdown, timeoutMs);
        await closed;
        clearTimeout(timer);
        channel.close();
        return { forced, cutOff: [] };
      },
    };
  } catch (error) {
    channel.close();
    throw error;
  }
}

function credentialsOf(tls: TlsFiles | undefined): ChannelCredentials | undefined {
  return tls && ChannelCredentials.createSsl(tls.ca, tls.key, tls.cert);
}

/** The contract, and those of its services that are served. */
async function contractOf(
  { descriptors, target, services: wanted }: GatewaySettings,
  channel: Channel,
): Promise<{ contract: Contract; services: DescribedService[] }> {
  const where = descriptors?.file ?? target;
  try {
    const contract = descriptors && readContract(descriptors.bytes);
    const reflected = contract === undefined ? await reflect(channel, wanted) : undefined;
    const known = reflected?.services ?? [...contract!.services.keys()];
    const unknown = wanted.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      const hint = didYouMean(unknown, known) || `. There are ${known.join(", ") || "none"}`;
      throw new Error(`there is no service '${unknown}'${hint}`);
    }
    const all = contract ?? reflected!.contract;
    const served = (wanted.length > 0 ? wanted : known).map((name) => all.services.get(name)!);
    checkRules(served);
    return { contract: all, services: served };
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/** @throws {Error} if no method has a rule: nothing could be called. */
function checkRules(services: readonly DescribedService[]): void {
  const hasRules = ({ typeName, methods }: DescribedService) =>
    methods.some((method) => httpRulesOf(method, `${typeName}/${method.name}`).length > 0);
  if (services.some(hasRules)) return;
  const list = services.map(
    ({ typeName, methods }) => `  ${typeName}: ${methods.map(({ name }) => name).join(", ")}`,
  );
  throw new Error(`no method has a google.api.http annotation, and REST is made of these. ${
    list.length === 0 ? "There is no service." : `There are\n${list.join("\n")}`
  }
Import "google/api/annotations.proto" in the contract, and annotate methods, as in
  rpc GetUser(GetUserRequest) returns (User) {
    option (google.api.http) = {get: "/v1/users/{id}"};
  }`);
}
