import { AsyncLocalStorage } from "node:async_hooks";
import {
  Metadata as GrpcJsMetadata,
  ServerInterceptingCall,
  type ServerInterceptingCallInterface,
  type ServerInterceptor,
} from "@grpc/grpc-js";
import { CONTRACT_HEADER, deserialize } from "@callwire/transport/server";
import { Status, type ServerError } from "nice-grpc-common";
import { sendableMessage } from "../../errors/status-details.js";
import { isPromiseLike } from "../../internal/promises.js";
import { sendable, toGrpcJs } from "./call-metadata.js";
import { GrpcJsCall, type ServedMethod } from "./grpc-js-call.js";

/** The methods and the calls that an interceptor sees. */
export interface InterceptedCalls {
  /** The methods that are served, by path. */
  readonly methods: ReadonlyMap<string, ServedMethod>;
  /** The calls that have arrived and not ended. */
  readonly running: Set<GrpcJsCall>;
  /** Carries a call over the gap between the interceptor and nice-grpc's middleware, where grpc-js has no place for it. */
  readonly arrivals: AsyncLocalStorage<GrpcJsCall>;
}

/** Makes the interceptor that runs a call's first phase before its body is read, and its last one when it has ended. */
export function phasesInterceptor({ methods, running, arrivals }: InterceptedCalls): ServerInterceptor {
  return ({ path }, call) => {
    const served = methods.get(path);
    if (served === undefined) return new ServerInterceptingCall(call);
    let arrival: GrpcJsCall | undefined;
    /** Runs what follows in the asynchronous context that the arrival has left: it may have entered one of its own. */
    let inScope = <T>(run: () => T): T => run();
    /** True if a request could not be decoded, which ends the call: those behind it reach nobody. */
    let isBroken = false;
    nameContract(call, served.contract);
    observeStatus(call, (code, details) => arrival && GrpcJsCall.sends(arrival, code, details));

    const begin = (
      arrived: GrpcJsCall,
      metadata: GrpcJsMetadata,
      proceed: (metadata: GrpcJsMetadata) => void,
    ) => {
      if (!GrpcJsCall.isOver(arrived)) inScope(() => proceed(metadata));
      else if (arrived.deadline !== undefined) {
        call.sendStatus({ code: Status.DEADLINE_EXCEEDED, details: "Deadline exceeded", metadata: null });
      }
    };
    const refuse = (arrived: GrpcJsCall, thrown: unknown) => {
      const error = GrpcJsCall.fail(arrived, thrown);
      const { code, details } = error as ServerError;
      // Past the interceptor, which may be at work on a message. An AbortError has no code.
      call.sendStatus({
        code: code ?? Status.CANCELLED,
        details: sendableMessage(typeof details === "string" ? details : "The operation was cancelled"),
        metadata: sendable(toGrpcJs(arrived.trailer)),
      });
    };
    /** Passes a request on, decoded. */
    const passDecoded = (bytes: Buffer, proceed: (message: unknown) => void) => {
      if (isBroken) return;
      let message: unknown;
      try {
        message = deserialize(served.request, bytes);
      } catch (thrown) {
        isBroken = true;
        refuse(arrival!, thrown);
        return;
      }
      proceed(message);
    };

    const intercepted = new ServerInterceptingCall(call, {
      start(next) {
        next({
          onReceiveMetadata(metadata, proceed) {
            const arrived = new served.Call(served, call, metadata);
            arrival = arrived;
            running.add(arrived);
            arrivals.run(arrived, () => {
              try {
                const waiting = served.phases?.arrived?.(arrived);
                inScope = AsyncLocalStorage.snapshot();
                if (isPromiseLike(waiting)) {
                  waiting.then(
                    () => begin(arrived, metadata, proceed),
                    (thrown: unknown) => refuse(arrived, thrown),
                  );
                } else begin(arrived, metadata, proceed);
              } catch (thrown) {
                refuse(arrived, thrown);
              }
            });
          },
          onReceiveMessage: (bytes: Buffer, proceed) => inScope(() => passDecoded(bytes, proceed)),
          onReceiveHalfClose: (proceed) => inScope(proceed),
          onCancel() {
            if (arrival === undefined) return;
            running.delete(arrival);
            const ended = arrival;
            inScope(() => GrpcJsCall.end(ended));
          },
        });
      },
      sendMetadata: (metadata, next) => next(sendable(metadata)),
      sendMessage(bytes: unknown, next) {
        if (!isBroken) next(bytes);
      },
      sendStatus: ({ code, details, metadata }, next) =>
        next({
          code,
          details: sendableMessage(details ?? ""),
          metadata: metadata ? sendable(metadata) : null,
        }),
    });
    return intercepted;
  };
}

/** Reports each status that goes out, also one that grpc-js makes by itself: deadlines, messages too large. */
function observeStatus(
  call: ServerInterceptingCallInterface & { checkCancelled?(): boolean },
  observe: (code: Status, details: string) => void,
): void {
  const { sendStatus } = call;
  call.sendStatus = (status) => {
    // One that the client cannot get any more does not count; grpc-js looks for that itself, and tells the listener.
    if (call.checkCancelled?.() !== true) observe(status.code ?? Status.UNKNOWN, status.details ?? "");
    sendStatus.call(call, status);
  };
}

/** Names the service's contract in the header of the response, or in its trailers if it has no header. */
function nameContract(call: ServerInterceptingCallInterface, contract: string | undefined): void {
  if (contract === undefined) return;
  const { sendMetadata, sendStatus } = call;
  let isNamed = false;
  const named = (metadata: GrpcJsMetadata | null | undefined) => {
    const fields = metadata ?? new GrpcJsMetadata();
    if (!isNamed) fields.set(CONTRACT_HEADER, contract);
    isNamed = true;
    return fields;
  };
  call.sendMetadata = (metadata) => sendMetadata.call(call, named(metadata));
  call.sendStatus = (status) => sendStatus.call(call, { ...status, metadata: named(status.metadata) });
}
