import { expect } from "@jest/globals";
import { createUsersClient } from "@callwire/client-sdk/users";
import { clientRuntimes, isAtLength, lastsLong } from "./each-proxy.js";
import type { Proxy } from "./proxy.js";

const CALLERS = 8;

/** Calls of a safe method through proxies, by both runtimes of the SDK. Disposing of it closes its channels. */
export interface Load extends Disposable {
  /** Makes so many calls over each channel, by callers that make one after the other. */
  run(calls: number): Promise<void>;
  /** Throws unless all calls so far were answered. */
  expectAnswers(): void;
}

/** Opens a channel through each proxy for each runtime. */
export function startLoad(proxies: readonly Proxy[]): Load {
  const channels = proxies.flatMap((proxy) =>
    clientRuntimes
      .filter((runtime) => !isAtLength || lastsLong(proxy.name, runtime))
      .map((runtime) => ({
        name: `${proxy.name} from ${runtime.name}`,
        users: createUsersClient({ ...proxy.client("clear"), ...runtime.options }),
        answered: 0,
        failed: new Map<string, number>(),
      })),
  );
  let asked = 0;

  async function run(calls: number): Promise<void> {
    asked += calls;
    const callers = channels.flatMap((channel) => {
      let left = calls;
      const call = async () => {
        while (left-- > 0) {
          try {
            await channel.users.listUsers({ pageSize: 1 });
            channel.answered++;
          } catch (error) {
            const text = String(error);
            channel.failed.set(text, (channel.failed.get(text) ?? 0) + 1);
          }
        }
      };
      return Array.from({ length: CALLERS }, call);
    });
    await Promise.all(callers);
  }

  return {
    run,
    expectAnswers() {
      const outcomes = (of: (channel: (typeof channels)[number]) => object) =>
        Object.fromEntries(channels.map((channel) => [channel.name, of(channel)]));
      expect(outcomes(({ answered, failed }) => ({ answered, failed: Object.fromEntries(failed) }))).toEqual(
        outcomes(() => ({ answered: asked, failed: {} })),
      );
    },
    [Symbol.dispose]() {
      for (const { users } of channels) users.close();
    },
  };
}
