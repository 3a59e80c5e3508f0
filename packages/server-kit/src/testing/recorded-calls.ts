import { EventEmitter, on } from "node:events";
import type { ServerCallContext, ServerPhases } from "@callwire/transport";
import { Metadata, type MethodDescriptor, type Status } from "nice-grpc-common";

/** One call that came to a server, as the server has seen it. */
export interface RecordedCall {
  /** The method, as `pkg.Service/Method`. */
  readonly method: string;
  /** The metadata that it came with. */
  readonly metadata: Metadata;
  /** The caller, if `auth` has let it in. */
  readonly principal: unknown;
  /** The messages that came, in their order. */
  readonly requests: readonly unknown[];
  /** The messages that the handler has given, in their order. */
  readonly responses: readonly unknown[];
  /** The status that it ended with; undefined while it runs. */
  readonly code: Status | undefined;
  /** The error whose status went out: a ServiceError, behind `errorBoundary`. Undefined if nothing was thrown. */
  readonly error: unknown;
}

/** The calls that came to a server, in their order. */
export interface RecordedCalls extends Iterable<RecordedCall> {
  /** All calls so far, those too that run. */
  readonly all: readonly RecordedCall[];
  /**
   * Waits for the first call, past or future, that has ended and is like this. Calls that a client left end on the server a moment
   * after it.
   */
  ended(wanted?: Partial<Pick<RecordedCall, "method" | "code">>): Promise<RecordedCall>;
}

type Recording = { -readonly [Name in keyof RecordedCall]: RecordedCall[Name] } & {
  requests: unknown[];
  responses: unknown[];
};

/** Records the calls of methods from now on, outside of all their middleware. */
export function recordCalls(methods: ReadonlyMap<MethodDescriptor, ServerPhases>): RecordedCalls {
  const all: Recording[] = [];
  const endings = new EventEmitter().setMaxListeners(0);
  for (const [{ path }, phases] of methods) {
    recordMethod(path.slice(1), phases, {
      onCall: (call) => all.push(call),
      onEnd: () => endings.emit("end"),
    });
  }
  return {
    all,
    [Symbol.iterator]: () => all[Symbol.iterator](),
    async ended(wanted = {}) {
      const find = () =>
        all.find(
          ({ method, code }) =>
            code !== undefined && method === (wanted.method ?? method) && code === (wanted.code ?? code),
        );
      let found = find();
      if (found) return found;
      for await (const _ of on(endings, "end")) {
        found = find();
        if (found) break;
      }
      return found as RecordedCall;
    },
  };
}

/** Puts itself around the phases of a method, in place: the runtime has them already, and reads them at each call. */
function recordMethod(
  method: string,
  phases: { -readonly [Name in keyof ServerPhases]: ServerPhases[Name] },
  { onCall, onEnd }: { onCall(call: Recording): void; onEnd(): void },
): void {
  const calls = new WeakMap<object, Recording>();
  const { arrived, request, response, ended } = phases;
  phases.arrived = (call) => {
    const recording: Recording = {
      method,
      metadata: Metadata(call.metadata),
      principal: undefined,
      requests: [],
      responses: [],
      code: undefined,
      error: undefined,
    };
    calls.set(call, recording);
    onCall(recording);
    return arrived?.(call);
  };
  phases.request = (message, call) => {
    calls.get(call)?.requests.push(message);
    return request === undefined ? message : request(message, call);
  };
  phases.response = (message, call) => {
    const sent = response === undefined ? message : response(message, call);
    calls.get(call)?.responses.push(sent);
    return sent;
  };
  phases.ended = (call, code, error) => {
    ended?.(call, code, error);
    const recording = calls.get(call);
    if (recording === undefined) return;
    recording.principal = (call as ServerCallContext & { auth?: unknown }).auth;
    recording.code = code;
    recording.error = error;
    onEnd();
  };
}
