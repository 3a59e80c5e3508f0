import { once } from "node:events";
import { createServer, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer, type TestServer } from "@callwire/testkit";
import { type Client, createChannel, createClientFactory } from "nice-grpc";
import { type CallContext, Metadata, ServerError, Status } from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { bearerToken } from "../middleware/bearer-token.js";
import { callErrors } from "../middleware/call-errors.js";
import { deadline, type DeadlineCallOptions } from "../middleware/deadline.js";
import { requestId, type RequestIdCallOptions } from "../middleware/request-id.js";
import { retry, type RetryCallOptions } from "../middleware/retry.js";
import { formatTimeout } from "./phased-context.js";
import { toNiceGrpc } from "./to-nice-grpc.js";

// Clients that are made with nice-grpc alone.

const seen: CallContext[] = [];
let fail: ((n: number) => void) | undefined;
let server: TestServer;
let channel: ReturnType<typeof createChannel>;

beforeAll(async () => {
  server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService((context) => {
        seen.push(context);
        fail?.(seen.length);
      }),
    ),
  );
  channel = createChannel(server.address);
});

afterAll(async () => {
  channel.close();
  await server[Symbol.asyncDispose]();
});

type Options = DeadlineCallOptions & RequestIdCallOptions & RetryCallOptions;

/** Runs calls with what stands around them, and says what the server has seen of them. */
async function sent(
  client: Client<EchoServiceDefinition, Options>,
  calls: (client: Client<EchoServiceDefinition, Options>) => Promise<unknown>,
  failing?: (n: number) => void,
) {
  seen.length = 0;
  fail = failing;
  await calls(client);
  return seen.map(({ metadata }) => metadata);
}

describe("each of this package's middleware is nice-grpc's too", () => {
  test("requestId and bearerToken send their metadata", async () => {
    const client = createClientFactory()
      .use(toNiceGrpc(bearerToken({ token: async () => "t" })))
      .use(toNiceGrpc(requestId()))
      .create(EchoServiceDefinition, channel);
    const [first, second] = await sent(client, async ({ echoUnary }) => {
      await echoUnary({}, { requestId: "mine" });
      await echoUnary({}, { metadata: Metadata({ authorization: "Basic x" }) });
    });
    expect([first?.get("x-request-id"), first?.get("authorization")]).toEqual(["mine", "Bearer t"]);
    expect(second?.get("x-request-id")).toMatch(/^[0-9a-f-]{36}$/);
    expect(second?.get("authorization")).toBe("Basic x");
  });

  test("retry tries again, around one attempt's token", async () => {
    let asked = 0;
    const client = createClientFactory()
      .use(toNiceGrpc(bearerToken({ token: () => `t${++asked}` })))
      .use(toNiceGrpc(retry({ initialBackoffMs: 5 })))
      .create(EchoServiceDefinition, channel);
    const attempts = await sent(
      client,
      ({ echoUnary }) => echoUnary({}),
      (n) => {
        if (n < 3) throw new ServerError(Status.UNAVAILABLE, "");
      },
    );
    expect(
      attempts.map((metadata) => [metadata.get("authorization"), metadata.get("grpc-previous-rpc-attempts")]),
    ).toEqual([
      ["Bearer t1", undefined],
      ["Bearer t2", "1"],
      ["Bearer t3", "2"],
    ]);
  });

  test("deadline ends a call on this side, and callErrors says so", async () => {
    // A server that knew the deadline would race this side to its end.
    const sockets: Socket[] = [];
    const silent = createServer((socket) => sockets.push(socket.on("error", () => {})));
    silent.listen(0, "127.0.0.1");
    await once(silent, "listening");
    const quiet = createChannel(`127.0.0.1:${(silent.address() as AddressInfo).port}`);
    const client = createClientFactory()
      .use(toNiceGrpc(callErrors(), requestId(), deadline({ timeoutMs: 50 })))
      .create(EchoServiceDefinition, quiet);
    const error = await client.echoUnary({}, { requestId: "r" }).catch((e: unknown) => e);
    quiet.close();
    // @grpc/grpc-js goes on waiting for what the server says first.
    for (const socket of sockets) socket.destroy();
    silent.close();
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({ code: Status.DEADLINE_EXCEEDED, requestId: "r", origin: "deadline" });
  });

  test("an error without callErrors is nice-grpc's", async () => {
    const client = createClientFactory().use(toNiceGrpc(requestId())).create(EchoServiceDefinition, channel);
    await expect(client.echoUnary({ fault: { code: Status.NOT_FOUND } })).rejects.toMatchObject({
      name: "ClientError",
      code: Status.NOT_FOUND,
    });
    await expect(client.echoUnary({}, { requestId: "a b" })).rejects.toMatchObject({
      code: Status.INVALID_ARGUMENT,
    });
    await expect(client.echoUnary({}, { signal: AbortSignal.abort("no") })).rejects.toMatchObject({
      name: "AbortError",
    });
  });
});

test.each([
  [0.2, "1m"],
  [1, "1m"],
  [1.5, "2m"],
  [30_000, "30000m"],
  [99_999_999, "99999999m"],
  [100_000_000, "100000S"],
  [2 ** 31 - 1, "2147484S"],
  [1e15, "99999999S"],
  [-5, "1m"],
])("%d ms is %s", (ms, header) => {
  expect(formatTimeout(ms)).toBe(header);
});
