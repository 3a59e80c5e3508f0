import { setTimeout } from "node:timers/promises";
import type { ServiceImplementation } from "nice-grpc";
import { Metadata, ServerError, Status, type CallContext } from "nice-grpc-common";
import type { ServerCallContext } from "../server/server-call-context.js";
import type {
  BoolValue,
  EchoStatus,
  StreamingOutputCallRequest,
  StreamingOutputCallResponse,
  TestServiceDefinition,
} from "./gen/grpc/testing/interop.js";

/** Metadata that comes back, in the header and in the trailers. */
export const ECHO_HEADER = "x-grpc-test-echo-initial";
export const ECHO_TRAILER = "x-grpc-test-echo-trailing-bin";

// Another runtime's context has nothing of compression: then no response is compressed, and no request is checked.
type Context = CallContext & Partial<Pick<ServerCallContext, "compressResponses" | "wasCompressed">>;

function echoMetadata({ metadata, header, trailer }: Context): void {
  const initial = metadata.get(ECHO_HEADER);
  if (initial !== undefined) header.set(ECHO_HEADER, initial);
  const trailing = metadata.get(ECHO_TRAILER);
  if (trailing !== undefined) trailer.set(ECHO_TRAILER, trailing);
}

function failAsAsked(status: EchoStatus | undefined): void {
  if (status !== undefined && status.code !== 0) throw new ServerError(status.code, status.message);
}

/** Refuses a message that is compressed and should not be, or the other way round. */
function checkCompression(message: { expectCompressed: BoolValue | undefined }, context: Context): void {
  const { expectCompressed: expected } = message;
  if (expected === undefined || context.wasCompressed === undefined) return;
  if (context.wasCompressed(message) === expected.value) return;
  const found = expected.value ? "not compressed" : "compressed";
  throw new ServerError(Status.INVALID_ARGUMENT, `the message is ${found}`);
}

async function* answers(
  { responseParameters, responseStatus }: StreamingOutputCallRequest,
  context: Context,
): AsyncGenerator<StreamingOutputCallResponse, void, undefined> {
  // The header says whether any message may be compressed.
  context.compressResponses?.(responseParameters.some(({ compressed }) => compressed?.value));
  context.sendHeader();
  for (const { size, intervalUs, compressed } of responseParameters) {
    if (intervalUs > 0) await setTimeout(intervalUs / 1000, undefined, { signal: context.signal });
    context.compressResponses?.(compressed?.value ?? false);
    yield { payload: { type: 0, body: Buffer.alloc(size) } };
  }
  failAsAsked(responseStatus);
}

/** gRPC's TestService, for its interoperability tests. What it has no method for stays UNIMPLEMENTED. */
export function interopService(): Omit<ServiceImplementation<TestServiceDefinition>, "unimplementedCall"> {
  return {
    async emptyCall() {
      return {};
    },
    async unaryCall(request, context: Context) {
      const { responseSize, responseStatus, responseCompressed } = request;
      checkCompression(request, context);
      echoMetadata(context);
      failAsAsked(responseStatus);
      context.compressResponses?.(responseCompressed?.value ?? false);
      return { payload: { body: Buffer.alloc(responseSize) } };
    },
    async *streamingOutputCall(request, context: Context) {
      echoMetadata(context);
      yield* answers(request, context);
    },
    async streamingInputCall(requests, context: Context) {
      let size = 0;
      for await (const request of requests) {
        checkCompression(request, context);
        size += request.payload?.body.length ?? 0;
      }
      return { aggregatedPayloadSize: size };
    },
    async *fullDuplexCall(requests, context: Context) {
      echoMetadata(context);
      for await (const request of requests) yield* answers(request, context);
    },
  };
}

/** The metadata that clients send to get it back. */
export function echoedMetadata(): Metadata {
  return Metadata({
    [ECHO_HEADER]: "test_initial_metadata_value",
    [ECHO_TRAILER]: Buffer.from([0xab, 0xab, 0xab]),
  });
}
