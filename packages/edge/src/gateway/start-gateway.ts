import type { Logger } from "@callwire/server-kit";
import { createRegistry } from "@callwire/protobuf";
import { ChannelCredentials, checkPem, createChannel, didYouMean, type Channel } from "@callwire/transport";
import { createEdge, type Edge } from "../create-edge.js";
import type { ChannelEdgeOptions } from "../edge-options.js";
import { readContract, type Contract, type DescribedService } from "../descriptors/contract.js";
import { messageTypesOf } from "../descriptors/message-types.js";
import { definitionOf, httpRulesOf } from "../descriptors/services.js";
import type { Mcp } from "../mcp/mcp-options.js";
import { HttpPort } from "./http-port.js";
import { reflect } from "./reflection.js";
import type { GatewaySettings } from "./settings.js";

/** A gateway that listens. */
export interface Gateway {
  readonly port: number;
  readonly edge: Edge;
  /** Takes no more connections, ends streams of responses, and lets other requests end; those that do not in time are cut off. */
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
  const { host, port, hosts, corsOrigins, requestMetadata, responseMetadata, shutdownTimeoutMs } = settings;
  const channel = channelTo(settings);
  try {
    const { contract, services, descriptorSet } = await contractOf(settings, channel);
    const types = messageTypesOf(contract);
    const edge = edgeOf({
      channel,
      services: services.map((service) => definitionOf(service, types)),
      updateMaskFromBody: settings.updateMaskFromBody,
      json: { ...settings.json, registry: createRegistry(...types.values()) },
      requestMetadata,
      responseMetadata,
      ...(await toolsOf(settings.mcpTools, descriptorSet)),
      ...(hosts && { hosts }),
      ...(corsOrigins.length > 0 && { cors: { origins: corsOrigins } }),
    });
    const http = new HttpPort(edge, logger);
    const listening = await http.listen(host, port).catch((error: NodeJS.ErrnoException) => {
      const hint = error.code === "EADDRINUSE" ? "; stop what listens there, or give another port" : "";
      throw new Error(`--listen: ${error.message}${hint}`, { cause: error });
    });
    return {
      port: listening,
      edge,
      forceShutdown: () => http.forceShutdown(),
      async shutdown({ timeoutMs = shutdownTimeoutMs } = {}) {
        const forced = await http.shutdown(timeoutMs);
        channel.close();
        return { forced, cutOff: [] };
      },
    };
  } catch (error) {
    channel.close();
    throw error;
  }
}

/** The flags that options of the edge come from. */
const flags: Readonly<Record<string, string>> = {
  "createEdge: cors": "--cors-origin",
  "createEdge: hosts": "--allow-host",
  "createEdge: requestMetadata": "--request-metadata",
  "createEdge: responseMetadata": "--response-metadata",
  mcp: "--mcp-tool",
};

/** @throws {Error} that names the flag of what is wrong. */
function edgeOf(options: ChannelEdgeOptions): Edge {
  try {
    return createEdge(options);
  } catch (error) {
    const { message } = error as Error;
    const option = Object.keys(flags).find((name) => message.startsWith(`${name}: `));
    if (option === undefined) throw error;
    throw new Error(flags[option] + message.slice(option.length), { cause: error });
  }
}

function channelTo({ target, tls }: GatewaySettings): Channel {
  if (tls !== undefined) checkPem(tls, { ca: "--tls-ca", cert: "--tls-cert", key: "--tls-key" });
  try {
    return createChannel(target, tls && ChannelCredentials.createSsl(tls.ca, tls.key, tls.cert));
  } catch (error) {
    throw new Error(`--target: ${(error as Error).message}`, { cause: error });
  }
}

/** A contract that is served. */
interface ServedContract {
  readonly contract: Contract;
  readonly descriptorSet: Uint8Array;
  /** Those of its services that are served. */
  readonly services: readonly DescribedService[];
}

async function contractOf(
  { descriptors, target, services: wanted, mcpTools }: GatewaySettings,
  channel: Channel,
): Promise<ServedContract> {
  const where = descriptors?.file ?? target;
  try {
    const reflected = descriptors === undefined ? await reflect(channel, wanted) : undefined;
    const descriptorSet = descriptors?.bytes ?? reflected!.descriptorSet;
    const contract = readContract(descriptorSet);
    const known = reflected?.services ?? [...contract.services.keys()];
    const unknown = wanted.find((name) => !known.includes(name));
    if (unknown !== undefined) {
      const hint = didYouMean(unknown, known) || `. There are ${known.join(", ") || "none"}`;
      throw new Error(`there is no service '${unknown}'${hint}`);
    }
    const names = wanted.length > 0 ? wanted : known;
    const missing = names.find((name) => !contract.services.has(name));
    if (missing !== undefined)
      throw new Error(
        `the server's reflection lists ${missing}, and describes no such service; give its contract by --descriptors, or other services by --service`,
      );
    const services = names.map((name) => contract.services.get(name)!);
    if (mcpTools.length === 0) checkRules(services);
    return { contract, descriptorSet, services };
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}

/** The tools of the Model Context Protocol, whose library is there only for those who want it. */
async function toolsOf(tools: readonly string[], descriptors: Uint8Array): Promise<{ mcp?: Mcp }> {
  if (tools.length === 0) return {};
  try {
    const { mcp } = await import("../mcp.js");
    return { mcp: mcp({ tools, descriptors }) };
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") throw error;
    throw new Error(
      "--mcp-tool needs a package more: npx --package @callwire/edge --package @modelcontextprotocol/server callwire-edge …",
      { cause: error },
    );
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
