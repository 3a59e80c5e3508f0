/** Takes the error that a listener of a guarded signal has thrown. It must not throw. */
export interface FaultSink {
  onFault(error: unknown): void;
}

type Add = AbortSignal["addEventListener"];
type Remove = AbortSignal["removeEventListener"];
type Guard = (this: EventTarget, event: Event) => void;
interface ListenerObject {
  handleEvent(event: Event): unknown;
}

/** Where a guarded signal has its sink: a WeakMap of all signals would cost each call more than its signal does. */
const SINK = Symbol("callwire.sink");
/** One function for each listener, so that it can be removed again. */
const guards = new WeakMap<object, Guard>();

/**
 * Makes the listeners of a signal harmless: what they throw, or reject with, goes to the sink. Node.js makes an uncaught
 * exception of it, which ends the process.
 */
export function guardListeners(signal: AbortSignal, sink: FaultSink): void {
  Object.setPrototypeOf(signal, GuardedSignal.prototype);
  (signal as GuardedSignal)[SINK] = sink;
}

class GuardedSignal extends AbortSignal {
  declare [SINK]: FaultSink | undefined;

  override addEventListener(...[type, listener, options]: Parameters<Add>): void {
    super.addEventListener(type, guarded(listener), options);
  }

  override removeEventListener(...[type, listener, options]: Parameters<Remove>): void {
    super.removeEventListener(type, guarded(listener), options);
  }

  override get onabort(): AbortSignal["onabort"] {
    return super.onabort;
  }

  override set onabort(listener: AbortSignal["onabort"]) {
    // oxlint-disable-next-line unicorn/prefer-add-event-listener -- it is the setter itself
    super.onabort = guarded(listener);
  }
}

function guarded<T>(listener: T): T {
  // Node.js refuses what is no listener.
  if ((typeof listener !== "function" && typeof listener !== "object") || listener === null) return listener;
  let guard = guards.get(listener);
  if (guard === undefined) {
    guard = guardOf(listener as Guard | ListenerObject);
    guards.set(listener, guard);
  }
  return guard as T;
}

function guardOf(listener: Guard | ListenerObject): Guard {
  return function guard(event) {
    const report = (error: unknown) => (this as GuardedSignal)[SINK]?.onFault(error);
    try {
      const result: unknown =
        typeof listener === "function" ? listener.call(this, event) : listener.handleEvent(event);
      if (result instanceof Promise) result.catch(report);
    } catch (error) {
      report(error);
    }
  };
}
