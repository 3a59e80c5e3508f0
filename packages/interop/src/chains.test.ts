import { afterEach, beforeEach, describe, expect, test } from "@jest/globals";
import { createClient, type ClientOptions } from "@callwire/client-sdk";
import { niceGrpc as clientRuntime } from "@callwire/client-sdk/nice-grpc";
import {
  createServer,
  errorBoundary,
  invalidArgument,
  Status,
  type Middleware,
  type ServerOptions,
} from "@callwire/server-kit";
import { niceGrpc as serverRuntime } from "@callwire/server-kit/nice-grpc";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";

declare const runtimeName: "nice-grpc" | "transport";
const overNiceGrpc = runtimeName === "nice-grpc";
const ofServer: Pick<ServerOptions, "runtime"> = overNiceGrpc ? { runtime: serverRuntime } : {};
const ofClient: Pick<ClientOptions, "runtime"> = overNiceGrpc ? { runtime: clientRuntime } : {};

/** Two servers: the handlers of the front one call the one behind it. */
async function startChain(middleware: Middleware[] = []) {
  const said: unknown[] = [];
  const settled: Promise<unknown>[] = [];
  const logger = {
    error: (fields: object) => said.push(fields),
    warn: (fields: object) => said.push(fields),
  };
  const behind = createServer(ofServer).add(EchoServiceDefinition, echoService());
  const inner = createClient(EchoServiceDefinition, {
    address: `127.0.0.1:${await behind.listen("127.0.0.1:0")}`,
    ...ofClient,
  });
  const front = createServer({ ...ofServer, middleware: [errorBoundary({ logger }), ...middleware] }).add(
    EchoServiceDefinition,
    {
      ...echoService(),
      echoClientStream(requests) {
        const answer = inner.echoClientStream(requests);
        settled.push(answer.catch((error: unknown) => error));
        return answer;
      },
      async *echoBidiStream(requests) {
        let tell = (_error: unknown) => {};
        settled.push(new Promise((resolve) => (tell = resolve)));
        try {
          yield* inner.echoBidiStream(requests);
        } catch (error) {
          tell(error);
          throw error;
        }
      },
    },
  );
  // Over the transport: grpc-js ends its requests before it cancels a call, as if they were complete.
  const frontAddress = `127.0.0.1:${await front.listen("127.0.0.1:0")}`;
  const client = createClient(EchoServiceDefinition, { address: frontAddress });
  return {
    client,
    front,
    said,
    /** Waits for what the front handlers have thrown. */
    async thrown() {
      const errors = await Promise.all(settled);
      // The server hears of it behind the handler.
      await new Promise((resolve) => setImmediate(resolve));
      return errors;
    },
    async [Symbol.asyncDispose]() {
      client.close();
      inner.close();
      front.forceShutdown();
      behind.forceShutdown();
      await Promise.resolve();
    },
  };
}

describe("a request that the front server refuses while its handler passes its requests on", () => {
  const refuse: Middleware = {
    name: "refuse",
    request(message) {
      throw invalidArgument({
        violations: [{ field: "text", description: `not ${JSON.stringify(message)}` }],
      });
    },
  };
  const requests = [{ text: "a" }];

  test("ends the call with the error of the refusal", async () => {
    await using chain = await startChain([refuse]);
    const refused = { code: Status.INVALID_ARGUMENT };
    await expect(chain.client.echoClientStream(requests)).rejects.toMatchObject(refused);
    const answers = chain.client.echoBidiStream(requests)[Symbol.asyncIterator]();
    await expect(answers.next()).rejects.toMatchObject(refused);
    await chain.thrown();
    expect(chain.said).toEqual([]);
  });
});

/** One request, and then none until the call is over. */
async function* oneRequest(onSent = () => {}) {
  yield { text: "a" };
  onSent();
  await new Promise<never>(() => {});
}

describe("a handler that passes its requests on to another server, and whose caller goes away", () => {
  const warnings: unknown[] = [];
  const onWarning = (warning: unknown) => void warnings.push(warning);
  beforeEach(() => {
    warnings.length = 0;
    process.on("warning", onWarning);
  });
  afterEach(() => void process.off("warning", onWarning));

  test("is no unexpected error while it streams to it", async () => {
    await using chain = await startChain();
    const gone = new AbortController();
    const isSent = new Promise<void>((onSent) => {
      chain.client.echoClientStream(oneRequest(onSent), { signal: gone.signal }).catch(() => {});
    });
    await isSent;
    await chain.client.echoUnary({ text: "behind the other one" });
    gone.abort();
    expect(await chain.thrown()).toMatchObject([{ code: Status.CANCELLED }]);
    expect([...chain.said, ...warnings]).toEqual([]);
  });

  test.each(["goes away", "is told that the server stops"])(
    "is no unexpected error while both stream, and its caller %s",
    async (why) => {
      await using chain = await startChain();
      const gone = new AbortController();
      const both = chain.client.echoBidiStream(oneRequest(), { signal: gone.signal });
      const answers = both[Symbol.asyncIterator]();
      expect(await answers.next()).toMatchObject({ value: { text: "a" } });
      const end = answers.next().catch((error: unknown) => error);
      if (why === "goes away") gone.abort();
      else void chain.front.shutdown();
      expect(await chain.thrown()).toMatchObject([{ code: Status.CANCELLED }]);
      await end;
      expect([...chain.said, ...warnings]).toEqual([]);
    },
  );
});
