import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { Agent, request as requestTls } from "node:https";
import type { SecureContextOptions } from "node:tls";
import { text } from "node:stream/consumers";
import type { ClientOptions } from "@callwire/client-sdk";

/** How a service is called by HTTP: its address, `host:port`, and what the demo's settings have beside it. */
type Settings = Pick<ClientOptions, "address" | "tls" | "token">;

/**
 * Walks through the REST side of a users service: the command line of curl for each request, and the answer.
 *
 * @param id The id of a user.
 */
export async function showRest(settings: Settings, id: string): Promise<void> {
  if (!/^(?:\[.+\]|[^:/]+):\d+$/.test(settings.address ?? "")) {
    console.log("  REST is shown for an address of the form host:port");
    return;
  }
  for (const path of [`/v1/users/${id}`, "/v1/users?page_size=1&order_by=nothing"]) {
    console.log(`  ${curlLine(settings, path)}`);
    const response = await get(settings, path, "application/json");
    if (response === undefined) {
      console.log("  nothing answers HTTP here: the service runs with --http no, or over nice-grpc");
      return;
    }
    console.log(`  ${response.statusCode} ${await text(response)}`);
  }
  console.log(`  ${curlLine(settings, "/v1/users:watch", "-N -H 'accept: text/event-stream'")}`);
  const events = await get(settings, "/v1/users:watch", "text/event-stream");
  for await (const part of events!.setEncoding("utf8")) {
    console.log(`  ${(part as string).trim().replaceAll("\n", "\n  ")}`);
    // The first event confirms the position. To leave ends the call.
    break;
  }
}

/** The command line that sends the same request. */
function curlLine(settings: Settings, path: string, more = ""): string {
  const flags = [
    typeof settings.tls === "object" ? "--cacert …" : "",
    settings.token === undefined ? "" : "-H 'authorization: Bearer …'",
    more,
  ];
  return ["curl -s", ...flags.filter((flag) => flag !== ""), `'${urlOf(settings, path)}'`].join(" ");
}

/** Sends a request; undefined if it fails, as it does where the port takes gRPC alone. */
async function get(settings: Settings, path: string, accept: string): Promise<IncomingMessage | undefined> {
  const { tls, token } = settings;
  const headers = { accept, ...(typeof token === "string" && { authorization: `Bearer ${token}` }) };
  const url = urlOf(settings, path);
  // The demo reads its files as Buffers.
  const files = typeof tls === "object" ? (tls as SecureContextOptions) : {};
  const sent =
    tls === undefined
      ? request(url, { headers, agent: false })
      : requestTls(url, { headers, agent: new Agent({ ...files, ALPNProtocols: ["http/1.1"] }) });
  try {
    const [response] = (await once(sent.end(), "response")) as [IncomingMessage];
    return response;
  } catch {
    return undefined;
  }
}

function urlOf({ address, tls }: Settings, path: string): string {
  return `${tls === undefined ? "http" : "https"}://${address}${path}`;
}
