import { EchoServiceDefinition } from "@callwire/testkit";
import type { ServiceClient } from "../../service-client.js";
import { connect } from "../../web/connect.js";
import { createClient } from "../../web/create-client.js";
import type { FetchInit, WebClientOptions } from "../../web/web-options.js";

/** A request that a client has sent. */
export interface Sent extends FetchInit {
  url: string;
}

/** A client of the echo service whose requests are answered in the process. */
export interface AnsweredClient {
  client: ServiceClient<EchoServiceDefinition>;
  /** The requests, in their order. */
  sent: Sent[];
}

/** Makes a client whose requests are answered so. */
export function answeredBy(
  answer: (sent: Sent) => Response | Promise<Response>,
  options: Partial<WebClientOptions> = {},
): AnsweredClient {
  const sent: Sent[] = [];
  const client = createClient(EchoServiceDefinition, {
    baseUrl: "http://localhost/rpc/",
    protocol: connect,
    fetch: async (url, init) => {
      const one = { url, ...init };
      sent.push(one);
      return await answer(one);
    },
    ...options,
  });
  return { client, sent };
}

/** The bytes of a response to EchoUnary, which are those of its request too. */
export function echoBytes(text: string): Uint8Array<ArrayBuffer> {
  const type = EchoServiceDefinition.methods.echoUnary.responseType;
  return new Uint8Array(type.encode({ text }).finish());
}

/** An envelope: flags, length, bytes. */
export function envelope(
  flags: number,
  bytes: Uint8Array | string,
  length?: number,
): Uint8Array<ArrayBuffer> {
  const content = typeof bytes === "string" ? new TextEncoder().encode(bytes) : bytes;
  const framed = new Uint8Array(5 + content.length);
  framed[0] = flags;
  new DataView(framed.buffer).setUint32(1, length ?? content.length);
  framed.set(content, 5);
  return framed;
}

/** A response of a protocol, of these parts of its body. */
export function response(type: string, ...parts: Uint8Array<ArrayBuffer>[]): Response {
  return new Response(new Blob(parts).stream(), { headers: { "content-type": type } });
}
