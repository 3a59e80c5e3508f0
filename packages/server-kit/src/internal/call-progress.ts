/** A call's progress among its middleware: kept only for calls that do not simply pass them all. */
export interface CallProgress {
  /** The number of middleware that have had their `arrived`, outermost first. Only these hear of the call's end. */
  reached: number;
  /** The number of middleware, outermost first, that have yet to hear of a failure. */
  unaware: number;
  /** True if the call has ended: nothing more of it may begin. */
  over: boolean;
}

const key = Symbol("callwire.progress");

/** The progress of a call, if it has any. */
export function progressOf(call: object): CallProgress | undefined {
  return (call as { [key]?: CallProgress })[key];
}

/** The progress of a call, from now on. */
export function trackProgress(call: object): CallProgress {
  return ((call as { [key]?: CallProgress })[key] ??= { reached: Infinity, unaware: Infinity, over: false });
}
