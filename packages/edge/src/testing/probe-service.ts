import type { ServiceImplementation } from "@callwire/server-kit";
import { ServerError } from "nice-grpc-common";
import type { ProbeServiceDefinition } from "./gen/callwire/edge/testing/v1/probe_service.js";

/** What the handlers have seen. */
export interface Seen {
  /** The requests of Bind, in their order. */
  readonly binds: unknown[];
  /** The masks of Echo, in their order. */
  readonly masks: (readonly string[])[];
  /** The calls of WatchNumbers and Talk that have ended, however they did. */
  ended: number;
  /** The streams of Sum that came to their end. */
  sums: number;
  /** The numbers that WatchNumbers has made, over all calls. */
  made: number;
}

/** Serves the probe. */
export function probeService(
  seen: Seen = { binds: [], masks: [], ended: 0, sums: 0, made: 0 },
): ServiceImplementation<ProbeServiceDefinition> {
  return {
    query: async (request) => ({ request }),

    async bind(request) {
      seen.binds.push(request);
      if (request.failCode !== 0) throw new ServerError(request.failCode, `failed with ${request.failCode}`);
      return { request, tags: request.tags };
    },

    async *watchNumbers({ resumeToken, count, failCode, padding }, { signal }) {
      try {
        const first = Number(resumeToken) + 1;
        const end = count === 0 ? Infinity : first + count;
        for (let number = first; number < end; number++) {
          signal.throwIfAborted();
          seen.made++;
          yield { number, resumeToken: String(number), padding: "x".repeat(padding) };
        }
        if (failCode !== 0) throw new ServerError(failCode, `failed with ${failCode}`);
      } finally {
        seen.ended++;
      }
    },

    async sum(requests) {
      const labels: string[] = [];
      let sum = 0;
      for await (const { number, label } of requests) {
        sum += number;
        labels.push(label);
      }
      seen.sums++;
      return { sum, count: labels.length, labels };
    },

    async *talk(requests) {
      try {
        for await (const { text } of requests) yield { text: `${text}!` };
      } finally {
        seen.ended++;
      }
    },
  };
}
