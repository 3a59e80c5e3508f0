import { AsyncLocalStorage } from "node:async_hooks";
import {
  Metadata as GrpcJsMetadata,
  ServerInterceptingCall,
  type ServerInterceptor,
  type ServerInterceptingCallInterface,
} from "@grpc/grpc-js";
import {
  Metadata,
  ServerError,
  Status,
  type MethodDescriptor,
  type ServerMiddleware,
} from "nice-grpc-common";
import { sendableMessage } from "../errors/status-details.js";
import { toServerError } from "../errors/to-server-error.js";
import type {
  IncomingCall,
  IncomingCallContext,
  OpenServerOptions,
  Refusal,
  RuntimeServer,
  ServerRuntime,
} from "../runtime.js";

// One for all: making an error for each call, only for its stack, would cost more than the rest of the interceptor.
const callOver = new ServerError(Status.CANCELLED, "the call is over");

/** Opens a server of nice-grpc over @grpc/grpc-js that admits calls by their metadata and tells what it knows of them. */
export function openNiceGrpcServer(
  runtime: ServerRuntime,
  { limits, method, admit }: OpenServerOptions,
): RuntimeServer {
  // grpc-js starts the handler inside the listener's callbacks; nice-grpc makes its context there, out of our reach.
  // The store carries what the interceptor knows over that gap, to the first middleware.
  const arrivals = new AsyncLocalStorage<IncomingCall>();

  const interceptor: ServerInterceptor = ({ path, requestStream, responseStream }, call) => {
    // Only the definitions know a method's options.
    const descriptor = method(path) ?? { path, requestStream, responseStream, options: {} };
    const over = new AbortController();
    let arrival: IncomingCall;
    const intercepted = new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, proceed) {
            const settle = (refusal: Refusal | undefined) => {
              if (refusal) refuse(intercepted, refusal);
              else arrivals.run(arrival, proceed, metadata);
            };
            // What is thrown here, nobody catches: it would end the process.
            const fail = (thrown: unknown) =>
              settle({ error: toServerError(thrown), thrown, trailer: Metadata() });
            try {
              arrival = describe(descriptor, call, metadata, over.signal);
              const verdict = admit(arrival);
              if (verdict instanceof Promise) verdict.then(settle).catch(fail);
              else settle(verdict);
            } catch (thrown) {
              fail(thrown);
            }
          },
          onReceiveMessage: (message, proceed) => arrivals.run(arrival, proceed, message),
          onReceiveHalfClose: (proceed) => arrivals.run(arrival, proceed),
          onCancel: () => over.abort(callOver),
        });
      },
      sendMetadata: (metadata, next) => next(sendable(metadata)),
      sendStatus: ({ code, details, metadata }, next) =>
        next({
          code,
          details: sendableMessage(details ?? ""),
          metadata: metadata ? sendable(metadata) : null,
        }),
    });
    return intercepted;
  };

  const addCall: ServerMiddleware<IncomingCallContext> = async function* addCall(call, context) {
    const arrival = arrivals.getStore();
    if (!arrival) throw toServerError(new Error("the runtime did not report the call"));
    return yield* call.next(call.request, { ...context, call: arrival });
  };

  return runtime
    .createServer({
      interceptors: [interceptor],
      "grpc.max_receive_message_length": limits.maxReceiveMessageBytes,
      "grpc.max_send_message_length": limits.maxSendMessageBytes,
      "grpc.max_concurrent_streams": limits.maxConcurrentStreams,
      "grpc.keepalive_time_ms": limits.keepaliveTimeMs,
      "grpc.keepalive_timeout_ms": limits.keepaliveTimeoutMs,
      "grpc.max_connection_idle_ms": limits.maxConnectionIdleMs,
    })
    .use(addCall);
}

function describe(
  method: MethodDescriptor,
  call: ServerInterceptingCallInterface,
  metadata: GrpcJsMetadata,
  signal: AbortSignal,
): IncomingCall {
  const deadline = call.getDeadline();
  return {
    method,
    metadata: fromGrpcJs(metadata),
    peer: call.getPeer(),
    deadline: deadline === Infinity ? undefined : new Date(deadline),
    authority: call.getHost(),
    signal,
    peerCertificate: call.getAuthContext().sslPeerCertificate,
  };
}

function refuse(call: ServerInterceptingCallInterface, { error, trailer }: Refusal): void {
  const metadata = new GrpcJsMetadata();
  for (const [key, values] of trailer) {
    for (const value of values) metadata.add(key, typeof value === "string" ? value : Buffer.from(value));
  }
  call.sendStatus({ code: error.code, details: error.details, metadata });
}

/**
 * Fields that a handler's metadata must not have: those that node:http2 refuses by an exception that nobody catches
 * (RFC 9113, section 8.2.2), and those that gRPC itself writes.
 */
const ownFields = [
  "connection",
  "content-length",
  "content-type",
  "grpc-encoding",
  "grpc-message",
  "grpc-status",
  "http2-settings",
  "keep-alive",
  "proxy-connection",
  "te",
  "transfer-encoding",
  "upgrade",
];

function sendable(metadata: GrpcJsMetadata): GrpcJsMetadata {
  for (const field of ownFields) metadata.remove(field);
  return metadata;
}

function fromGrpcJs(source: GrpcJsMetadata): Metadata {
  const metadata = Metadata();
  for (const key of Object.keys(source.getMap())) {
    for (const value of source.get(key)) metadata.append(key, value);
  }
  return metadata;
}
