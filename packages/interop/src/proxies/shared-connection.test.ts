import { expect } from "@jest/globals";
import { CallError, Metadata, Status } from "@callwire/client-sdk";
import { createUsersClient } from "@callwire/client-sdk/users";
import { clientRuntimes, isAtLength, lastsLong, testProxies } from "./each-proxy.js";
import { startProxies, type Proxy } from "./proxy.js";
import { portOf, startService } from "./service.js";

const CALLERS = 16;
/** At length, each connection has more than the 1,000 answers after which some end. */
const CALLS = isAtLength ? 3200 : 240;

/** Caddy minds the limit that the server tells it, once it knows that, and answers with 502. */
const codesOf = ({ name }: Proxy) =>
  name === "Caddy" ? [Status.RESOURCE_EXHAUSTED, Status.UNAVAILABLE] : [Status.RESOURCE_EXHAUSTED];

/** Makes calls by some callers, one after the other each; the failures as text, each with its number. */
async function failuresOf(calls: number, call: () => Promise<unknown>): Promise<Record<string, number>> {
  const failures: Record<string, number> = {};
  let left = calls;
  const caller = async () => {
    while (left-- > 0) {
      try {
        await call();
      } catch (error) {
        failures[String(error)] = (failures[String(error)] ?? 0) + 1;
      }
    }
  };
  await Promise.all(Array.from({ length: CALLERS }, caller));
  return failures;
}

testProxies(
  "a caller with 17 KB of metadata fails alone beside many good calls",
  async (programs) => {
    await using service = await startService();
    await using proxies = await startProxies(programs, () => ({ clear: [portOf(service.address)] }));
    await Promise.all(
      proxies.flatMap((proxy) =>
        clientRuntimes
          .filter((runtime) => !isAtLength || lastsLong(proxy.name, runtime))
          .map(async (runtime) => {
            const name = `${proxy.name} from ${runtime.name}`;
            await using good = createUsersClient({
              ...proxy.client("clear"),
              ...runtime.options,
              retry: false,
            });
            await using bad = createUsersClient({
              ...proxy.client("clear"),
              ...runtime.options,
              retry: false,
            });
            const metadata = new Metadata({ "x-large": "v".repeat(17 << 10) });
            const calls = failuresOf(CALLS / clientRuntimes.length, () => good.listUsers({ pageSize: 1 }));
            for (let call = 0; call < 20; call++) {
              const refused = await bad.listUsers({}, { metadata }).catch((error: unknown) => error);
              expect(codesOf(proxy)).toContain(refused instanceof CallError ? refused.code : refused);
            }
            expect({ name, failures: await calls }).toEqual({ name, failures: {} });
          }),
      ),
    );
  },
  { timeoutMs: isAtLength ? 300_000 : 60_000 },
);
