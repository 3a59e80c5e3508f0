import { readdirSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";

/** The state of a process that has nothing to do. */
export interface ProcessState {
  /** The size of live objects and buffers after a collection, in bytes. */
  liveBytes: number;
  /** Open descriptors; 0 where /proc is not there to count them. */
  descriptors: number;
  unhandledRejections: string[];
}

const unhandledRejections: string[] = [];

/** Notes rejections that nobody handles, from now on. Without this the first one would end the process. */
export function noteUnhandledRejections(): void {
  process.on("unhandledRejection", (reason) => {
    unhandledRejections.push(reason instanceof Error ? (reason.stack ?? reason.message) : String(reason));
  });
}

/** Collects garbage and looks. */
export async function processState(): Promise<ProcessState> {
  // Objects closed in one turn of the event loop are let go in a later one, and finalizers run after a collection.
  for (let time = 0; time < 3; time++) {
    await delay(50);
    globalThis.gc?.();
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return { liveBytes: heapUsed + arrayBuffers, descriptors: countDescriptors(), unhandledRejections };
}

function countDescriptors(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return 0;
  }
}
