import type { ServerCallContext, ServerPhases } from "@callwire/transport/server";
import type { Status } from "nice-grpc-common";
import { trackProgress, progressOf, type CallProgress } from "./call-progress.js";
import { ignoreResult, isPromiseLike } from "./promises.js";
import { warn } from "./warn.js";

/** The phases of a middleware, with its name. */
// oxlint-disable-next-line typescript/no-explicit-any -- the context has been checked where the list was given
export type NamedPhases = ServerPhases<any> & { readonly name: string };

type IndexedPhase = "arrived" | "failed" | "ended" | "faulted";

/** Tells of what a middleware has thrown where it must not. */
type Report = (what: string, thrown: unknown, call: ServerCallContext) => void;

/** One phase of one middleware, with its place in the list. */
type Indexed<Phase extends IndexedPhase> = NamedPhases & {
  [P in Phase]-?: NonNullable<NamedPhases[P]>;
};

/**
 * Makes one function for each phase of all middleware, outermost first. A phase that none of them has is not there.
 *
 * @param messagesOf The ones whose message phases run here; generators further in run those of the others.
 */
export function compilePhases(all: readonly NamedPhases[], messagesOf: readonly NamedPhases[]): ServerPhases {
  const lazy = compileLazy(all);
  const arrived = compileArrived(all);
  const request = compileRequest(messagesOf);
  const response = compileResponse(messagesOf);
  const faulted = compileFaulted(all);
  const report: Report = (what, thrown, call) => {
    if (faulted === undefined) warnOf(what, thrown, call);
    else faulted(new Error(what, { cause: thrown }), call);
  };
  const failed = compileFailed(all, report);
  const ended = compileEnded(all, arrived !== undefined, report);
  return {
    lazy,
    ...(arrived && { arrived }),
    ...(request && { request }),
    ...(response && { response }),
    ...(failed && { failed }),
    ...(ended && { ended }),
    ...(faulted && { faulted }),
  };
}

function compileLazy(all: readonly NamedPhases[]): Record<string, (call: ServerCallContext) => unknown> {
  const lazy: Record<string, (call: ServerCallContext) => unknown> = { call: (call) => call };
  for (const phases of all) Object.assign(lazy, phases.lazy);
  return lazy;
}

function compileArrived(all: readonly NamedPhases[]): ServerPhases["arrived"] {
  const those = indexed(all, "arrived");
  const count = those.length;
  if (count === 0) return undefined;

  const arriveLater = async (
    call: ServerCallContext,
    progress: CallProgress,
    position: number,
    waiting: PromiseLike<unknown>,
  ): Promise<void> => {
    progress.reached = those[position]!.index + 1;
    await waiting;
    for (let next = position + 1; next < count; next++) {
      if (progress.over) return;
      const { phases, index } = those[next]!;
      progress.reached = index + 1;
      await phases.arrived(call);
    }
    progress.reached = Infinity;
  };

  return (call) => {
    for (let position = 0; position < count; position++) {
      const { phases, index } = those[position]!;
      let waiting: unknown;
      try {
        waiting = phases.arrived(call);
      } catch (thrown) {
        trackProgress(call).reached = index + 1;
        throw thrown;
      }
      if (isPromiseLike(waiting)) return arriveLater(call, trackProgress(call), position, waiting);
    }
    return undefined;
  };
}

/** Passes a message of the request through the middleware that want it, outermost first. */
export function compileRequest(all: readonly NamedPhases[]): ServerPhases["request"] {
  const those = all.filter((phases) => phases.request !== undefined);
  if (those.length === 0) return undefined;
  return (message, call) => {
    for (const phases of those) {
      message = phases.request!(message, call);
      if (message instanceof Promise) refusePromise(phases, "request", message);
      if (message === undefined) refuseNothing(phases, "request");
    }
    return message;
  };
}

/** Passes a message of the response through the middleware that want it, innermost first. */
export function compileResponse(all: readonly NamedPhases[]): ServerPhases["response"] {
  const those = all.filter((phases) => phases.response !== undefined).toReversed();
  if (those.length === 0) return undefined;
  return (message, call) => {
    for (const phases of those) {
      message = phases.response!(message, call);
      if (message instanceof Promise) refusePromise(phases, "response", message);
      if (message === undefined) refuseNothing(phases, "response");
    }
    return message;
  };
}

/** @throws {TypeError} always: a phase of messages must not be async. */
function refusePromise({ name }: NamedPhases, phase: string, promise: Promise<unknown>): never {
  ignoreResult(promise, () => {});
  throw new TypeError(`the middleware ${name} returned a promise from ${phase}, which must not be async`);
}

/** @throws {TypeError} always: a phase of messages gives what goes on. */
function refuseNothing({ name }: NamedPhases, phase: string): never {
  throw new TypeError(`the middleware ${name} returned nothing from ${phase}; is a 'return' missing?`);
}

/** Passes an error through the middleware that have yet to hear of it, innermost first. */
export function compileFailed(all: readonly NamedPhases[], report: Report = warnOf): ServerPhases["failed"] {
  const those = indexed(all, "failed").toReversed();
  if (those.length === 0) return undefined;
  return (thrown, call) => {
    const progress = progressOf(call);
    const limit = progress === undefined ? Infinity : Math.min(progress.reached, progress.unaware);
    for (const { phases, index } of those) {
      if (index >= limit) continue;
      try {
        const error: unknown = phases.failed(thrown, call);
        if (error instanceof Promise) refusePromise(phases, "failed", error);
        thrown = error;
      } catch (error) {
        // The call fails as it did, and the next ones hear of it.
        report(`the middleware ${phases.name} threw when it was told of a failure`, error, call);
      }
    }
    return thrown;
  };
}

function compileEnded(all: readonly NamedPhases[], tracked: boolean, report: Report): ServerPhases["ended"] {
  const those = indexed(all, "ended").toReversed();
  if (those.length === 0 && !tracked) return undefined;
  const fault = ({ name }: NamedPhases, thrown: unknown, call: ServerCallContext) => {
    report(`the middleware ${name} threw when it was told of a call's end`, thrown, call);
  };
  return (call: ServerCallContext, code: Status, error: unknown) => {
    const progress = progressOf(call);
    if (progress !== undefined) progress.over = true;
    const limit = progress === undefined ? Infinity : progress.reached;
    for (const { phases, index } of those) {
      if (index >= limit) continue;
      try {
        const result: unknown = phases.ended(call, code, error);
        if (result !== undefined) ignoreResult(result, (thrown) => fault(phases, thrown, call));
      } catch (thrown) {
        fault(phases, thrown, call);
      }
    }
  };
}

function compileFaulted(all: readonly NamedPhases[]): ServerPhases["faulted"] {
  const those = indexed(all, "faulted").toReversed();
  if (those.length === 0) return undefined;
  return (error, call) => {
    for (const { phases } of those) {
      const onFault = (thrown: unknown) => {
        warnOf(`the middleware ${phases.name} threw when it was told of a fault`, thrown, call);
      };
      try {
        ignoreResult(phases.faulted(error, call), onFault);
      } catch (thrown) {
        onFault(thrown);
      }
    }
  };
}

function warnOf(what: string, thrown: unknown, call: ServerCallContext): void {
  // One of toNiceGrpc's may be incomplete.
  const { method } = call as Partial<ServerCallContext>;
  warn(method === undefined ? what : `${method.path}: ${what}`, thrown);
}

function indexed<Phase extends IndexedPhase>(
  all: readonly NamedPhases[],
  phase: Phase,
): { phases: Indexed<Phase>; index: number }[] {
  return all
    .map((phases, index) => ({ phases: phases as Indexed<Phase>, index }))
    .filter(({ phases }) => phases[phase] !== undefined);
}
