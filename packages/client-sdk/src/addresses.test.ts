import { describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { niceGrpc } from "./nice-grpc/nice-grpc-runtime.js";
import { createClient, runtime } from "./test-room/clients.js";

/** Two servers that say which one they are. */
async function startTwo() {
  const start = (name: string) =>
    startServer((s) =>
      s.add(EchoServiceDefinition, { ...echoService(), echoUnary: async () => ({ text: name }) }),
    );
  const [first, second] = await Promise.all([start("first"), start("second")]);
  return {
    first,
    second,
    async [Symbol.asyncDispose]() {
      first.server.forceShutdown();
      second.server.forceShutdown();
    },
  };
}

type Echo = ReturnType<typeof createClient<typeof EchoServiceDefinition>>;

/** The servers that have answered; calls until both have, with round robin. */
async function answersOf(client: Echo, calls: number): Promise<Set<string>> {
  const names = new Set<string>();
  for (let call = 0; call < calls; call++) {
    // oxlint-disable-next-line no-await-in-loop
    names.add((await client.echoUnary({})).text);
  }
  return names;
}

async function untilBoth(client: Echo): Promise<void> {
  const names = new Set<string>();
  // oxlint-disable-next-line no-await-in-loop
  while (names.size < 2) names.add((await client.echoUnary({})).text);
}

describe("several addresses", () => {
  test("as a list, in turn", async () => {
    await using two = await startTwo();
    await using client = createClient(EchoServiceDefinition, {
      addresses: [two.first.address, two.second.address],
      balancing: "round_robin",
    });
    await untilBoth(client);
  });

  test("as a name of gRPC's, in turn", async () => {
    await using two = await startTwo();
    await using client = createClient(EchoServiceDefinition, {
      address: `ipv4:${two.first.address},${two.second.address}`,
      balancing: "round_robin",
    });
    await untilBoth(client);
  });

  test("by default the first one that answers has all calls, and the next one when it is gone", async () => {
    await using two = await startTwo();
    await using client = createClient(EchoServiceDefinition, {
      addresses: ["127.0.0.1:1", two.first.address, two.second.address],
    });
    expect(await answersOf(client, 10)).toEqual(new Set(["first"]));
    two.first.server.forceShutdown();
    expect((await client.echoUnary({})).text).toBe("second");
  });

  test("with names among them: the transport takes them, nice-grpc's channels refuse them", async () => {
    await using two = await startTwo();
    const port = two.second.address.split(":")[1]!;
    const options = {
      addresses: [two.first.address, `localhost:${port}`],
      balancing: "round_robin",
    } as const;
    if (runtime === niceGrpc) {
      expect(() => createClient(EchoServiceDefinition, options)).toThrow("must be IP addresses");
      return;
    }
    await using client = createClient(EchoServiceDefinition, options);
    await untilBoth(client);
  });
});

test("names of gRPC's own reach their server", async () => {
  await using two = await startTwo();
  const port = two.first.address.split(":")[1]!;
  for (const address of [`dns:localhost:${port}`, `dns:///localhost:${port}`, `ipv4:127.0.0.1:${port}`]) {
    // oxlint-disable-next-line no-await-in-loop
    await using client = createClient(EchoServiceDefinition, { address });
    // oxlint-disable-next-line no-await-in-loop
    expect((await client.echoUnary({})).text).toBe("first");
  }
});

test.each([
  [{}, "the option 'address' is missing"],
  [{ addresses: [] }, "addresses is an empty array: it must be an array of addresses"],
  [{ address: "a:1", addresses: ["b:1"] }, "not both"],
  [{ addresses: ["a:1", 5] }, "it must be an array of addresses"],
  [{ addresses: ["http://a:1", "https://b:1"] }, "the same scheme"],
  [{ addresses: ["a:1", "host:port"] }, 'address is "host:port"'],
  [
    { address: "a:1", balancing: "random" },
    'it must be "pick_first" or "pick_first_shuffled" or "round_robin"',
  ],
  [{ adresses: ["a:1"] }, "did you mean 'addresses'?"],
  [{ addresses: ["127.0.0.1:1", "10.0.0.1:1"], token: "t" }, "refusing to send a token in clear text"],
])("%j is refused at once", (options, why) => {
  expect(() => createClient(EchoServiceDefinition, options as never)).toThrow(why);
});

test("an address without a port says so where nobody answers", async () => {
  // Nobody listens there but root.
  await using client = createClient(EchoServiceDefinition, {
    address: "http://127.255.255.254",
    retry: false,
  });
  await expect(client.echoUnary({})).rejects.toMatchObject({
    code: Status.UNAVAILABLE,
    description: expect.stringMatching(
      /^No connection established\. Last error: .*ECONNREFUSED 127\.255\.255\.254:80 \(the address 'http:\/\/127\.255\.255\.254' names no port/,
    ),
  });
});
