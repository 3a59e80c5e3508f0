import { afterEach, describe, expect, jest, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createServer } from "@callwire/transport";
import { Status } from "nice-grpc-common";
import type { ClientOptions } from "./client-options.js";
import type { ContractMismatch } from "./contract-mismatch.js";
import { CallError } from "./errors/call-error.js";
import { createClient } from "./test-room/clients.js";

afterEach(() => void jest.restoreAllMocks());

const service = "callwire.echo.v1.EchoService";

/** The echo service's definition, of some contract. */
const definitionOf = (contract: string | undefined) =>
  contract === undefined ? EchoServiceDefinition : { ...EchoServiceDefinition, contract };

/** Serves the echo service of a contract. */
async function serve(contract: string | undefined, port = 0) {
  const server = createServer();
  server.add(definitionOf(contract), echoService());
  const bound = await server.listen(`127.0.0.1:${port}`);
  return {
    port: bound,
    address: `127.0.0.1:${bound}`,
    [Symbol.asyncDispose]: async () => server.forceShutdown(),
  };
}

function connect(address: string, contract: string | undefined, options: Partial<ClientOptions> = {}) {
  return createClient(definitionOf(contract), { address, ...options });
}

async function* requests() {
  yield { text: "a" };
}

async function drain(messages: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of messages);
}

/** The four shapes, and a call that fails. */
const shapes: readonly [string, (client: ReturnType<typeof connect>) => Promise<unknown>][] = [
  ["a unary call", (client) => client.echoUnary({ text: "a" })],
  ["a stream of responses", (client) => drain(client.echoServerStream({ text: "a", count: 1 }))],
  ["a stream of requests", (client) => client.echoClientStream(requests())],
  ["a stream of both", (client) => drain(client.echoBidiStream(requests()))],
  [
    "a call that fails without a header",
    (client) => client.echoUnary({ fault: { code: Status.NOT_FOUND, message: "no" } }),
  ],
];

describe("contractMismatch: 'refuse'", () => {
  test.each(shapes)("%s fails, and says why, each time", async (_shape, call) => {
    await using server = await serve("1.3.0+bb");
    await using client = connect(server.address, "1.4.0+aa", { contractMismatch: "refuse" });
    for (let time = 0; time < 2; time++) {
      const error = await call(client).catch((thrown: unknown) => thrown);
      expect(error).toBeInstanceOf(CallError);
      expect(error).toMatchObject({
        code: Status.FAILED_PRECONDITION,
        origin: "local",
        description: expect.stringContaining("the server has contract 1.3.0+bb"),
        contractMismatch: { service, client: "1.4.0+aa", server: "1.3.0+bb", reason: "server-older" },
      });
      expect(JSON.parse(JSON.stringify(error))).toMatchObject({
        contractMismatch: { server: "1.3.0+bb" },
      });
    }
  });

  test("a method that the server does not have is refused for its contract", async () => {
    await using server = await serve("1.3.0+bb");
    const { methods } = EchoServiceDefinition;
    const newer = {
      ...definitionOf("1.4.0+aa"),
      methods: { ...methods, added: { ...methods.echoUnary, name: "Added" } },
    };
    await using client = createClient(newer, { address: server.address, contractMismatch: "refuse" });
    await expect(client.added({ text: "a" })).rejects.toMatchObject({
      contractMismatch: { server: "1.3.0+bb", reason: "server-older" },
    });
  });

  test.each([
    ["a newer server", "1.4.0+aa", "1.5.0+bb"],
    ["a server that names nothing", "1.4.0+aa", undefined],
    ["a server that names no version", "1.4.0+aa", "blue"],
    ["a client that has none", undefined, "1.4.0+bb"],
  ])("%s is not refused", async (_what, ours, theirs) => {
    await using server = await serve(theirs);
    await using client = connect(server.address, ours, { contractMismatch: "refuse" });
    await expect(client.echoUnary({ text: "a" })).resolves.toEqual({ text: "a" });
  });
});

describe("contractMismatch: a function", () => {
  test("is called once, and the calls go on", async () => {
    const told: ContractMismatch[] = [];
    await using server = await serve("2.0.0+bb");
    await using client = connect(server.address, "1.4.0+aa", {
      contractMismatch: (mismatch) => void told.push(mismatch),
    });
    for (const [, call] of shapes) await call(client).catch(() => {});
    expect(told).toMatchObject([{ client: "1.4.0+aa", server: "2.0.0+bb", reason: "incompatible" }]);
  });

  test("hears of another server on the next connection", async () => {
    const told: string[] = [];
    let port = 0;
    await using client = await (async () => {
      await using first = await serve("1.4.0+aa");
      ({ port } = first);
      const made = connect(first.address, "1.4.0+aa", {
        contractMismatch: ({ server }) => void told.push(server),
      });
      await made.echoUnary({ text: "a" });
      return made;
    })();
    await using _second = await serve("2.0.0+bb", port);
    await client.echoUnary({ text: "a" });
    expect(told).toEqual(["2.0.0+bb"]);
  });

  const bug = new Error("a bug");
  test.each<[string, () => unknown]>([
    [
      "throws",
      () => {
        throw bug;
      },
    ],
    ["rejects", () => Promise.reject(bug)],
  ])("that %s fails no call", async (_, contractMismatch) => {
    const warned = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    await using server = await serve("2.0.0+bb");
    await using client = connect(server.address, "1.4.0+aa", { contractMismatch });
    await expect(client.echoUnary({ text: "a" })).resolves.toEqual({ text: "a" });
    expect(warned).toHaveBeenCalledWith(bug);
  });
});

test("by default the process is warned, once for a client and a contract", async () => {
  const warned = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  await using server = await serve("2.0.0+bb");
  await using client = connect(server.address, "1.4.0+aa");
  await client.echoUnary({ text: "a" });
  await client.echoUnary({ text: "b" });
  expect(warned.mock.calls).toEqual([
    [
      expect.stringContaining(`${service}: the server has contract 2.0.0+bb`),
      { type: "ContractMismatch", code: "CALLWIRE_CONTRACT_MISMATCH" },
    ],
  ]);
});

test("'ignore' says nothing", async () => {
  const warned = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  await using server = await serve("2.0.0+bb");
  await using client = connect(server.address, "1.4.0+aa", { contractMismatch: "ignore" });
  await client.echoUnary({ text: "a" });
  expect(warned).not.toHaveBeenCalled();
});
