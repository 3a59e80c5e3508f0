import { toJsonText } from "@callwire/protobuf";
import {
  BindRequest,
  BindResponse,
  QueryRequest,
  QueryResponse,
  SumRequest,
  SumResponse,
  WatchNumbersRequest,
  WatchNumbersResponse,
} from "./gen/callwire/edge/testing/v1/probe_service.js";

export const PROBE = "/callwire.edge.testing.v1.ProbeService";

const types = {
  Query: [QueryRequest, QueryResponse],
  Bind: [BindRequest, BindResponse],
  WatchNumbers: [WatchNumbersRequest, WatchNumbersResponse],
  Sum: [SumRequest, SumResponse],
} as const;

/** A method of the probe that tests call. */
export type ProbeMethod = keyof typeof types;

type Type = {
  encode(message: unknown): { finish(): Uint8Array };
  decode(bytes: Uint8Array): unknown;
  fromPartial(object: unknown): unknown;
  toJSON(message: unknown): unknown;
};

/** The bytes of a request: of protobuf, or of JSON. */
export function requestBytes(method: ProbeMethod, request: object, format = "proto"): Uint8Array {
  const type = types[method][0] as unknown as Type;
  const message = type.fromPartial(request);
  return format === "proto"
    ? type.encode(message).finish()
    : Buffer.from(toJsonText<unknown>(types[method][0] as never, message));
}

/** A response, as its JSON. */
export function responseOf(method: ProbeMethod, bytes: Uint8Array, format = "proto"): unknown {
  const type = types[method][1] as unknown as Type;
  return format === "proto" ? type.toJSON(type.decode(bytes)) : JSON.parse(Buffer.from(bytes).toString());
}

/** An answer by HTTP, as bytes. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: Buffer;
}

/** Sends bytes to a path by POST. What fetch decompresses by itself is decompressed. */
export async function post(
  url: string,
  type: string,
  body: Uint8Array | string,
  headers: Record<string, string> = {},
): Promise<RawAnswer> {
  const response = await fetch(url, {
    method: "POST",
    body: body as Uint8Array<ArrayBuffer>,
    headers: { "content-type": type, ...headers },
  });
  const { status } = response;
  return { status, headers: response.headers, body: Buffer.from(await response.arrayBuffer()) };
}
