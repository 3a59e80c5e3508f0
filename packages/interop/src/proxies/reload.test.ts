import { expect } from "@jest/globals";
import { createUsersClient } from "@callwire/client-sdk/users";
import { clientRuntimes, isAtLength, many, testProxies } from "./each-proxy.js";
import { startLoad } from "./load.js";
import { startProxies } from "./proxy.js";
import { portOf, startService } from "./service.js";
import { Watcher } from "./watcher.js";

const RELOADS = isAtLength ? 10 : 1;

testProxies(
  "a reload under load costs no call, and no watch an event",
  async (programs) => {
    await using service = await startService();
    await using proxies = await startProxies(programs, () => ({ clear: [portOf(service.address)] }));
    await using users = createUsersClient({ address: service.address });
    using load = startLoad(proxies);
    const watchers = proxies.flatMap((proxy) => clientRuntimes.map((runtime) => new Watcher(proxy, runtime)));
    const emails: string[] = [];
    try {
      await Promise.all(watchers.map((watcher) => watcher.until("heartbeat")));
      for (let reload = 0; reload < RELOADS; reload++) {
        const calls = load.run(many(100));
        const email = `reload${reload}@example.com`;
        emails.push(email);
        const seen = watchers.map((watcher) => watcher.until(email));
        await Promise.all(proxies.map((proxy) => proxy.reload()));
        await users.createUser({ name: "Reload", email });
        await Promise.all([calls, ...seen]);
      }
      load.expectAnswers();
      for (const { name, seen } of watchers) expect({ name, seen }).toEqual({ name, seen: emails });
    } finally {
      for (const watcher of watchers) watcher[Symbol.dispose]();
    }
  },
  { timeoutMs: isAtLength ? 300_000 : 60_000 },
);
