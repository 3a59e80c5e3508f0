import { join } from "node:path";
import { expect } from "@jest/globals";
import { createUsersClient } from "@callwire/client-sdk/users";
import { temporaryFolder } from "../temporary-folder.js";
import { clientRuntimes, isAtLength, testProxies } from "./each-proxy.js";
import { freeAddress } from "./free-ports.js";
import { startProxies, type Proxy } from "./proxy.js";
import { portOf, startService } from "./service.js";
import { Watcher } from "./watcher.js";

const KILLS = isAtLength ? 8 : 2;

const watchersOf = (proxies: readonly Proxy[]) =>
  proxies.flatMap((proxy) => clientRuntimes.map((runtime) => new Watcher(proxy, runtime)));

testProxies(
  "watches go on without loss or repeat when the server is killed and comes back",
  async (programs) => {
    using folder = temporaryFolder();
    const database = ["--database", join(folder.path, "users.db")];
    const address = await freeAddress();
    let service = await startService(...database, "--address", address);
    await using proxies = await startProxies(programs, () => ({ clear: [portOf(address)] }));
    const watchers = watchersOf(proxies);
    await using users = createUsersClient({ address });
    const made: string[] = [];
    /** Makes some users, and waits until every watch has seen them. */
    const createAndSee = async () => {
      const last = `user${made.length + 9}@example.com`;
      const seen = watchers.map((watcher) => watcher.until(last));
      while (made.at(-1) !== last) {
        const email = `user${made.length}@example.com`;
        await users.createUser({ name: "Made", email });
        made.push(email);
      }
      await Promise.all(seen);
    };
    try {
      await Promise.all(watchers.map((watcher) => watcher.until("heartbeat")));
      await createAndSee();
      for (let kill = 0; kill < KILLS; kill++) {
        await service.stop("SIGKILL");
        service = await startService(...database, "--address", address);
        await createAndSee();
      }
      for (const { name, seen, resumes } of watchers) {
        expect({ name, seen }).toEqual({ name, seen: made });
        expect(resumes.length).toBeGreaterThanOrEqual(KILLS);
      }
    } finally {
      for (const watcher of watchers) watcher[Symbol.dispose]();
      await service[Symbol.asyncDispose]();
    }
  },
  { timeoutMs: isAtLength ? 300_000 : 60_000 },
);
