import { timerMs } from "../http2/timers.js";
import { nextTick } from "../turn.js";

/** The states of a channel (gRPC, "Connectivity Semantics and API"); the numbers are grpc-js's. */
export const ConnectivityState = {
  IDLE: 0,
  CONNECTING: 1,
  READY: 2,
  TRANSIENT_FAILURE: 3,
  SHUTDOWN: 4,
} as const;

/** One of {@link ConnectivityState}. */
export type ConnectivityState = (typeof ConnectivityState)[keyof typeof ConnectivityState];

interface Watch {
  from: ConnectivityState;
  callback: (error?: Error) => void;
  timer: NodeJS.Timeout | undefined;
}

/** Those who wait for a channel's state to change. */
export class StateWatches {
  readonly #watches = new Set<Watch>();

  /** Calls back once when the state is no longer `from`, or with an error at the deadline (milliseconds since the epoch). */
  add(
    from: ConnectivityState,
    now: ConnectivityState,
    deadline: number,
    callback: (error?: Error) => void,
  ): void {
    if (now !== from) {
      nextTick(callback);
      return;
    }
    // By a clock that nobody sets.
    const until = deadline === Infinity ? Infinity : performance.now() + deadline - Date.now();
    const watch: Watch = { from, callback, timer: undefined };
    const arm = () => {
      const left = until - performance.now();
      if (left > 0) {
        watch.timer = setTimeout(arm, timerMs(left));
        return;
      }
      this.#watches.delete(watch);
      callback(new Error("Deadline passed without connectivity state change"));
    };
    this.#watches.add(watch);
    if (until <= performance.now()) nextTick(arm);
    // To connect takes a while, and who waits for it keeps the process alive; another state may last for ever.
    else if (until !== Infinity || from === ConnectivityState.CONNECTING) arm();
  }

  /** The state has changed. */
  changed(to: ConnectivityState): void {
    for (const watch of this.#watches) {
      if (watch.from === to) continue;
      this.#watches.delete(watch);
      clearTimeout(watch.timer);
      nextTick(watch.callback);
    }
  }
}
