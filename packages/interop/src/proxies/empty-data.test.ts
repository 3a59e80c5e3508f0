import { expect } from "@jest/globals";
import { createClient } from "@callwire/client-sdk";
import { EchoServiceDefinition } from "@callwire/testkit";
import { startEchoServers } from "./echo-server.js";
import { clientRuntimes, isAtLength, lastsLong, testProxies } from "./each-proxy.js";
import { startProxies } from "./proxy.js";

const CALLS = 6_000;
const CALLERS = 32;

// It sends an empty DATA frame in each answer; a client that takes this for abuse ends the connection.
testProxies(
  `${CALLS} calls over one channel are all answered`,
  async (programs) => {
    await using servers = await startEchoServers();
    await using proxies = await startProxies(programs, () => ({ clear: [servers.clear] }));
    for (const proxy of proxies) {
      for (const runtime of clientRuntimes) {
        const { name, options } = runtime;
        if (!lastsLong(proxy.name, runtime)) continue;
        await using client = createClient(EchoServiceDefinition, {
          ...proxy.client("clear"),
          ...options,
          retry: false,
        });
        let left = CALLS;
        let answered = 0;
        const caller = async () => {
          while (left-- > 0) {
            const { text } = await client.echoUnary({ text: "once" });
            if (text === "once") answered++;
          }
        };
        await Promise.all(Array.from({ length: CALLERS }, caller));
        expect({ name, answered }).toEqual({ name, answered: CALLS });
      }
    }
  },
  { ...(!isAtLength && { names: ["Apache"] as const }), timeoutMs: isAtLength ? 300_000 : 60_000 },
);
