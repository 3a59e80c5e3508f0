import { Code, ConnectError, decodeBinaryHeader, type Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcWebTransport } from "@connectrpc/connect-web";
import { GrpcWebClientBase, MethodDescriptor, type RpcError } from "grpc-web";
import { createEchoClient, textsOf } from "./echo-client.js";

// Runs in a page: the clients for browsers, as they are published. Each function answers with what can cross to the test.

/** The time of the calls that wait for their deadline, in milliseconds: enough to get there, on a busy machine too. */
const DEADLINE_MS = 1000;

/** The outcome of calls by one client. */
export interface PageOutcome {
  readonly unary: unknown;
  readonly stream: unknown;
  readonly metadata: readonly [header: unknown, trailer: unknown];
  readonly error: readonly [code: unknown, message: string, details: readonly unknown[]];
  readonly deadline: unknown;
  readonly cancelled: unknown;
}

/** A client of connect-web, by the name of its transport. */
export type ConnectWebClient = "connect" | "connect-json" | "grpc-web";

function transportOf(client: ConnectWebClient, baseUrl: string): Transport {
  if (client === "grpc-web") return createGrpcWebTransport({ baseUrl });
  return createConnectTransport({ baseUrl, useBinaryFormat: client !== "connect-json" });
}

async function failureOf(promise: Promise<unknown>): Promise<ConnectError> {
  try {
    await promise;
  } catch (error) {
    return ConnectError.from(error);
  }
  throw new Error("it did not fail");
}

/** Calls by connect-web. @param descriptors A FileDescriptorSet that has the echo service. */
export async function callByConnectWeb(
  name: ConnectWebClient,
  baseUrl: string,
  descriptors: number[],
): Promise<PageOutcome> {
  const client = createEchoClient(new Uint8Array(descriptors), transportOf(name, baseUrl));
  let header: string | null = null;
  let trailer: number[] = [];
  const { text: unary } = await client.echoUnary(
    { text: "é" },
    {
      headers: { "x-sent": "text", "x-sent-bin": "AP8" },
      onHeader: (fields) => (header = fields.get("x-seen")),
      onTrailer: (fields) => (trailer = Array.from(decodeBinaryHeader(fields.get("x-end-bin") ?? ""))),
    },
  );
  const stream = await textsOf(client.echoServerStream({ text: "a", count: 3 }));
  const error = await failureOf(client.echoUnary({ fault: { code: 5, message: "no é" } }));
  const wait = { fault: { waitForAbort: true } };
  const late = await failureOf(client.echoUnary(wait, { timeoutMs: DEADLINE_MS }));
  const caller = new AbortController();
  const left = client.echoServerStream({ count: 1, ...wait }, { signal: caller.signal });
  const messages = left[Symbol.asyncIterator]();
  await messages.next();
  caller.abort();
  const gone = await failureOf(messages.next());
  return {
    unary,
    stream,
    metadata: [header, trailer],
    error: [
      Code[error.code],
      error.rawMessage,
      error.details.map((detail) => ("type" in detail ? detail.type : "")),
    ],
    deadline: Code[late.code],
    cancelled: Code[gone.code],
  };
}

const bytes = (text: string) => Uint8Array.from(text, (character) => character.charCodeAt(0));

/** A method of the echo service for grpc-web's client, whose messages are protobuf by hand. */
function methodOf(name: string, type: "unary" | "server_streaming") {
  const same = (message: Uint8Array) => message;
  const Message = Uint8Array as unknown as new () => Uint8Array;
  return new MethodDescriptor<Uint8Array, Uint8Array>(name, type, Message, Message, same, same);
}

/** Calls by grpc-web of Google, with callbacks as its stubs have them. */
export async function callByGrpcWeb(format: "text" | "binary", baseUrl: string): Promise<PageOutcome> {
  const client = new GrpcWebClientBase({ format });
  const service = `${baseUrl}/callwire.echo.v1.EchoService`;
  const unary = methodOf(`${service}/EchoUnary`, "unary");
  const down = methodOf(`${service}/EchoServerStream`, "server_streaming");
  const call = (request: string, metadata: Record<string, string> = {}) => {
    let header: unknown;
    let trailer: unknown;
    return new Promise<{ text: string; header: unknown; trailer: unknown }>((resolve, reject) => {
      const stream = client.rpcCall(unary.getName(), bytes(request), metadata, unary, (error, response) => {
        if (error) reject(error);
        else setTimeout(() => resolve({ text: text(response), header, trailer }));
      });
      stream.on("metadata", (fields) => (header = fields["x-seen"]));
      stream.on("status", (status) => (trailer = status.metadata?.["x-end-bin"]));
    });
  };
  const failed = async (promise: Promise<unknown>) =>
    promise.then(
      () => Promise.reject(new Error("it did not fail")),
      (error: RpcError) => error,
    );
  const watch = () =>
    new Promise<string[]>((resolve, reject) => {
      const texts: string[] = [];
      client
        .serverStreaming(down.getName(), bytes("\x0a\x01a\x10\x03"), {}, down)
        .on("data", (message) => void texts.push(text(message)))
        .on("error", reject)
        .on("end", () => resolve(texts));
    });
  const cancel = () =>
    new Promise<string>((resolve) => {
      const request = bytes("\x0a\x01a\x10\x01\x1a\x02\x20\x01");
      const left = client.serverStreaming(down.getName(), request, {}, down);
      left.on("data", () => {
        left.cancel();
        resolve("Canceled");
      });
    });
  const {
    text: answer,
    header,
    trailer,
  } = await call("\x0a\x01a", { "x-sent": "text", "x-sent-bin": "AP8" });
  const error = await failed(call("\x12\x06\x08\x05\x12\x02no"));
  const deadline = String(Date.now() + DEADLINE_MS);
  const late = await failed(call("\x12\x02\x20\x01", { deadline }));
  const stream = await watch();
  // In binary, it gives no message before the last one has come: nothing says when to cancel.
  const cancelled = format === "text" ? await cancel() : undefined;
  return {
    unary: answer,
    stream,
    metadata: [header, trailer],
    error: [error.code, error.message, [typeof error.metadata["grpc-status-details-bin"]]],
    deadline: late.code,
    cancelled,
  };
}

/** The first field of a message, a text. */
function text(message: Uint8Array): string {
  return new TextDecoder().decode(message.subarray(2, 2 + message[1]!));
}

Object.assign(globalThis, { callByConnectWeb, callByGrpcWeb });
