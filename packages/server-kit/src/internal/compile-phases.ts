import type { ServerCallContext, ServerPhases } from "@callwire/transport";
import type { Status } from "nice-grpc-common";
import { trackProgress, progressOf, type CallProgress } from "./call-progress.js";
import { isPromiseLike } from "./promises.js";
import { warn } from "./warn.js";

/** The phases of a middleware, with its name. */
// oxlint-disable-next-line typescript/no-explicit-any -- the context has been checked where the list was given
export type NamedPhases = ServerPhases<any> & { readonly name: string };

/** One phase of one middleware, with its place in the list. */
type Indexed<Phase extends "arrived" | "failed" | "ended"> = NamedPhases & {
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
  const failed = compileFailed(all);
  const ended = compileEnded(all, arrived !== undefined);
  return {
    lazy,
    ...(arrived && { arrived }),
    ...(request && { request }),
    ...(response && { response }),
    ...(failed && { failed }),
    ...(ended && { ended }),
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
    for (const phases of those) message = phases.request!(message, call);
    return message;
  };
}

/** Passes a message of the response through the middleware that want it, innermost first. */
export function compileResponse(all: readonly NamedPhases[]): ServerPhases["response"] {
  const those = all.filter((phases) => phases.response !== undefined).toReversed();
  if (those.length === 0) return undefined;
  return (message, call) => {
    for (const phases of those) message = phases.response!(message, call);
    return message;
  };
}

/** Passes an error through the middleware that have yet to hear of it, innermost first. */
export function compileFailed(all: readonly NamedPhases[]): ServerPhases["failed"] {
  const those = indexed(all, "failed").toReversed();
  if (those.length === 0) return undefined;
  return (thrown, call) => {
    const progress = progressOf(call);
    const limit = progress === undefined ? Infinity : Math.min(progress.reached, progress.unaware);
    for (const { phases, index } of those) {
      if (index >= limit) continue;
      try {
        thrown = phases.failed(thrown, call);
      } catch (error) {
        // The call fails as it did, and the next ones hear of it.
        warn(`the middleware ${phases.name} threw when it was told of a failure`, error);
      }
    }
    return thrown;
  };
}

function compileEnded(all: readonly NamedPhases[], tracked: boolean): ServerPhases["ended"] {
  const those = indexed(all, "ended").toReversed();
  if (those.length === 0 && !tracked) return undefined;
  return (call: ServerCallContext, code: Status, error: unknown) => {
    const progress = progressOf(call);
    if (progress !== undefined) progress.over = true;
    const limit = progress === undefined ? Infinity : progress.reached;
    for (const { phases, index } of those) {
      if (index >= limit) continue;
      try {
        phases.ended(call, code, error);
      } catch (thrown) {
        warn(`the middleware ${phases.name} threw when it was told of a call's end`, thrown);
      }
    }
  };
}

function indexed<Phase extends "arrived" | "failed" | "ended">(
  all: readonly NamedPhases[],
  phase: Phase,
): { phases: Indexed<Phase>; index: number }[] {
  return all
    .map((phases, index) => ({ phases: phases as Indexed<Phase>, index }))
    .filter(({ phases }) => phases[phase] !== undefined);
}
