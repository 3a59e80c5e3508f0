import type { MethodDescriptor } from "nice-grpc-common";
import { type ClientCallContext, type ClientPhases, shown } from "@callwire/transport/seam";
import { CallError } from "../errors/call-error.js";
import { isClientError, requestsFailed } from "../internal/client-errors.js";
import { ignoreResult } from "../internal/ignore-result.js";
import { reportBug } from "../internal/report-bug.js";

type Phase = keyof ClientPhases;

/** The phases of a list that have something to do at one moment, and where in the list each is. */
function having<Name extends Phase>(list: readonly ClientPhases[], name: Name) {
  return list.flatMap((phases, place) => {
    const run = phases[name]?.bind(phases) as NonNullable<ClientPhases[Name]> | undefined;
    return run === undefined ? [] : [{ place, run }];
  });
}

/** Runs each step from `at` on, and waits only for one that asks for it. What else a step returns says nothing. */
function inTurn(
  steps: readonly { run: NonNullable<ClientPhases["attempted"]> }[],
  call: ClientCallContext,
  at = 0,
): void | Promise<void> {
  for (let step = at; step < steps.length; step++) {
    const wait = steps[step]!.run(call);
    if (typeof wait?.then === "function") return wait.then(() => inTurn(steps, call, step + 1));
  }
  return undefined;
}

/**
 * The calls in which a phase has thrown, and the place of the last phases whose `began` was called. The count spares the
 * other calls a look-up.
 */
class Throws {
  readonly #places = new WeakMap<ClientCallContext, number>();
  #count = 0;

  note(call: ClientCallContext, place: number): void {
    if (!this.#places.has(call)) this.#count++;
    this.#places.set(call, place);
  }

  /** Undefined if no phase has thrown. */
  placeOf(call: ClientCallContext): number | undefined {
    return this.#count === 0 ? undefined : this.#places.get(call);
  }

  forget(call: ClientCallContext): void {
    if (this.#count > 0 && this.#places.delete(call)) this.#count--;
  }
}

/**
 * Compiles a list of phases, outermost first, into one for a method. A phase that nobody in the list has is left out.
 *
 * `began`, `attempted` and `request` run from the outermost to the innermost; `response`, `failed` and `ended` the other way.
 * `retryAfterMs` asks the innermost first, and the first that wants to wait decides. If `began` of one throws, `failed` and
 * `ended` run only for those whose `began` was called.
 *
 * A request source that throws fails its call with CANCELLED, and the thrown value as `cause`.
 */
export function composePhases(
  method: MethodDescriptor,
  list: readonly ClientPhases[],
): ClientPhases | undefined {
  if (list.length === 0) return undefined;
  const begans = having(list, "began");
  const attempteds = having(list, "attempted");
  const requests = having(list, "request");
  const responses = having(list, "response").toReversed();
  const retries = having(list, "retryAfterMs").toReversed();
  const faileds = having(list, "failed").toReversed();
  const endeds = having(list, "ended").toReversed();
  const throws = new Throws();

  /** Refuses what an async phase returns where none may be async. */
  const direct = <Result>(phase: Phase, result: Result): Result => {
    if (!(result instanceof Promise)) return result;
    ignoreResult(result, () => {});
    throw new TypeError(`a middleware returned a promise from ${phase}, which must not be async`);
  };

  /** Refuses nothing, too, where there must be a message. */
  const message = (phase: Phase, result: unknown): unknown => {
    if (direct(phase, result) !== undefined) return result;
    throw new TypeError(`a middleware returned nothing from ${phase}; is a 'return' missing?`);
  };

  /** Notes what a phase throws. Only then is it told apart from what a request source throws. */
  const noting = <Result>(call: ClientCallContext, run: () => Result): Result => {
    try {
      return run();
    } catch (error) {
      throws.note(call, list.length);
      throw error;
    }
  };

  const phases: ClientPhases = {};
  if (begans.length > 0) {
    phases.began = (call) => {
      let at = 0;
      try {
        for (; at < begans.length; at++) direct("began", begans[at]!.run(call));
      } catch (error) {
        throws.note(call, begans[at]!.place);
        throw error;
      }
    };
  }
  if (attempteds.length > 0) {
    const attempted = (call: ClientCallContext) => inTurn(attempteds, call);
    phases.attempted = method.requestStream
      ? (call) => {
          const wait = noting(call, () => attempted(call));
          return wait?.catch((error: unknown) => {
            throws.note(call, list.length);
            throw error;
          });
        }
      : attempted;
  }
  if (requests.length > 0) {
    phases.request = (given, call) =>
      noting(call, () => requests.reduce((sent, { run }) => message("request", run(sent, call)), given));
  }
  if (responses.length > 0) {
    phases.response = (given, call) =>
      noting(call, () =>
        responses.reduce((received, { run }) => message("response", run(received, call)), given),
      );
  }
  if (retries.length > 0) {
    phases.retryAfterMs = (error, origin, call) => {
      try {
        for (const { run } of retries) {
          const waitMs: unknown = direct("retryAfterMs", run(error, origin, call));
          if (waitMs === undefined) continue;
          if (typeof waitMs === "number" && waitMs >= 0) return waitMs;
          // Nothing to wait for would be a repeat at once, again and again.
          const allowed = "a number of milliseconds, or undefined for no repeat";
          throw new TypeError(
            `a middleware returned ${shown(waitMs)} from retryAfterMs: it must be ${allowed}`,
          );
        }
      } catch (bug) {
        reportBug(bug);
      }
      return undefined;
    };
  }
  if (faileds.length > 0 || method.requestStream) {
    phases.failed = (thrown, origin, call) => {
      const last = throws.placeOf(call);
      let error = thrown;
      if (
        method.requestStream &&
        origin === "local" &&
        last === undefined &&
        call.options.signal?.aborted !== true &&
        !isClientError(thrown) &&
        !(thrown instanceof CallError)
      ) {
        error = requestsFailed(method.path, thrown);
      }
      for (const { place, run } of faileds) {
        if (last !== undefined && place > last) continue;
        try {
          error = direct("failed", run(error, origin, call));
        } catch (bug) {
          reportBug(bug);
        }
      }
      return error;
    };
  }
  if (endeds.length > 0 || begans.length > 0) {
    phases.ended = (call, code) => {
      const last = throws.placeOf(call);
      throws.forget(call);
      for (const { place, run } of endeds) {
        if (last !== undefined && place > last) continue;
        try {
          ignoreResult(run(call, code));
        } catch (bug) {
          reportBug(bug);
        }
      }
    };
  }
  return phases;
}
