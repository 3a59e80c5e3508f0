import { expect } from "@jest/globals";
import { createUsersClient } from "@callwire/client-sdk/users";
import { clientRuntimes, isAtLength, testProxies } from "./each-proxy.js";
import { startProxies } from "./proxy.js";
import type { ProxyProgram } from "./programs.js";
import { portOf, startService } from "./service.js";
import { Watcher } from "./watcher.js";

/** Makes each proxy cut a stream off that is silent for a second. */
const impatient: Record<ProxyProgram["name"], Record<string, string>> = {
  nginx: { "grpc_read_timeout 1h": "grpc_read_timeout 1s" },
  haproxy: { "timeout server 1h": "timeout server 1s" },
  // It has no such limit of its own.
  Caddy: { "lb_try_duration 5s": "transport http {\nversions h2c 2\nread_timeout 1s\n}" },
  nghttpx: {
    "stream-read-timeout=1h": "stream-read-timeout=1s",
    "backend-read-timeout=1h": "backend-read-timeout=1s",
  },
  Apache: { "ProxyTimeout 3600": "ProxyTimeout 1" },
};
const HEARTBEAT_MS = 300;
/** They take longer than each proxy's limit. */
const HEARTBEATS = isAtLength ? 40 : 8;

testProxies(
  "a watch outlives a proxy's limit of silence, by heartbeats below it, or else by resuming",
  async (programs) => {
    await using lively = await startService("--heartbeat-ms", String(HEARTBEAT_MS));
    await using quiet = await startService("--heartbeat-ms", "3600000");
    const start = (port: number) =>
      startProxies(programs, ({ name }) => ({ clear: [port], settings: impatient[name] }));
    await using toLively = await start(portOf(lively.address));
    await using toQuiet = await start(portOf(quiet.address));
    const watch = (proxies: typeof toQuiet) =>
      proxies.flatMap((proxy) => clientRuntimes.map((runtime) => new Watcher(proxy, runtime)));
    const held = watch(toLively);
    const cut = watch(toQuiet);
    try {
      const holding = held.map(async (watcher) => {
        for (let heartbeat = 0; heartbeat < HEARTBEATS; heartbeat++) await watcher.until("heartbeat");
      });
      // Each connection begins with one.
      const resuming = cut.map(async (watcher) => {
        for (let connection = 0; connection < 3; connection++) await watcher.until("heartbeat");
      });
      await Promise.all([...holding, ...resuming]);
      const resumesOf = (watchers: readonly Watcher[]) =>
        watchers.map(({ name, resumes }) => ({ name, resumes }));
      expect(resumesOf(held)).toEqual(held.map(({ name }) => ({ name, resumes: [] })));

      await using users = createUsersClient({ address: quiet.address });
      const seen = cut.map((watcher) => watcher.until("last@example.com"));
      for (const name of ["first", "last"]) await users.createUser({ name, email: `${name}@example.com` });
      await Promise.all(seen);
      for (const { name, seen } of cut) {
        expect({ name, seen }).toEqual({ name, seen: ["first@example.com", "last@example.com"] });
      }
    } finally {
      for (const watcher of [...held, ...cut]) watcher[Symbol.dispose]();
    }
  },
  { timeoutMs: 60_000 },
);
