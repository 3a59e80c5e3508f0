// The turns of the event loop, as they were when this was loaded. Fake timers of test runners take the functions' places, and a call would
// wait for a turn until the test lets time pass. A turn is no time.

export const { queueMicrotask, setImmediate } = globalThis;
export const { nextTick } = process;
