import { createSecureContext, type SecureContext } from "node:tls";
import { beforeAll, describe, expect, test } from "@jest/globals";
import { testCertificates, type TestCertificates } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { ServerCredentials } from "../server/credentials.js";
import { createServer } from "../server/create-server.js";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { echoClient } from "../testing/echo-client.js";
import { failureOf } from "../testing/outcomes.js";
import { ChannelCredentials, type VerifyOptions } from "./channel-credentials.js";
import type { ChannelOptions } from "./channel-options.js";

let pem: TestCertificates;
beforeAll(async () => {
  pem = await testCertificates();
});

async function startTls() {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const key = { private_key: Buffer.from(pem.server.key), cert_chain: Buffer.from(pem.server.cert) };
  const port = await server.listen("127.0.0.1:0", ServerCredentials.createSsl(null, [key]));
  return { port, [Symbol.asyncDispose]: async () => server.forceShutdown() };
}

const quick: ChannelOptions = {
  "grpc.initial_reconnect_backoff_ms": 10,
  "grpc.max_reconnect_backoff_ms": 10,
};

/** The channel's ways to a server: its name has one address or, of two, a first one that nobody listens at. */
const ways: [string, faulty: number, (port: number) => ChannelOptions][] = [
  ["to one address", 0, () => ({})],
  [
    "to the second address",
    1,
    (port) => ({
      resolver: {
        resolve(_, listener) {
          listener.onAddresses(["127.0.0.1:1", `127.0.0.1:${port}`]);
          return { stop() {} };
        },
      },
    }),
  ],
];

describe.each(ways)("%s", (_, faulty, way) => {
  test.each<[string, () => unknown]>([
    [
      "throws an Error",
      () => {
        throw new Error("the certificate is being renewed");
      },
    ],
    [
      "throws undefined",
      () => {
        // oxlint-disable-next-line no-throw-literal
        throw undefined;
      },
    ],
    [
      "throws an object without a prototype",
      () => {
        // oxlint-disable-next-line no-throw-literal
        throw Object.create(null);
      },
    ],
    ["gives undefined", () => undefined],
    ["gives a promise", async () => createSecureContext()],
    ["gives something else", () => ({ context: {} })],
  ])("a secure context factory that once %s fails that attempt alone", async (__, fault) => {
    await using server = await startTls();
    let asked = 0;
    const credentials = ChannelCredentials.createFromSecureContext(() =>
      asked++ === faulty ? (fault() as SecureContext) : createSecureContext({ ca: pem.ca }),
    );
    using echo = echoClient(`localhost:${server.port}`, { ...quick, ...way(server.port) }, credentials);
    const failure = await failureOf(echo.client.echoUnary({ text: "a" }));
    expect(failure).toMatchObject({ code: Status.UNAVAILABLE, origin: "connection" });
    expect(failure.details).toContain("no secure context");
    expect(await echo.client.echoUnary({ text: "a" }, { waitForReady: true })).toEqual({ text: "a" });
  });
});

test.each<[string, VerifyOptions["checkServerIdentity"]]>([
  [
    "throws",
    () => {
      throw new Error("no list of keys");
    },
  ],
  ["gives a text", () => "no list of keys" as unknown as Error],
])("checkServerIdentity that %s refuses the certificate, and ends nothing else", async (_, check) => {
  await using server = await startTls();
  const context = createSecureContext({ ca: pem.ca });
  const credentials = ChannelCredentials.createFromSecureContext(context, { checkServerIdentity: check! });
  using echo = echoClient(`localhost:${server.port}`, quick, credentials);
  const failure = await failureOf(echo.client.echoUnary({ text: "a" }));
  expect(failure.code).toBe(Status.UNAVAILABLE);
  expect(failure.details).toContain("no list of keys");
});
