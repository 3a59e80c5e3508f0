import { ChannelCredentials, createChannel, createClient } from "nice-grpc";
import { beforeAll, describe, expect, test } from "@jest/globals";
import {
  echoService,
  EchoServiceDefinition,
  testCertificates,
  type TestCertificate,
  type TestCertificates,
} from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createServer } from "./create-server.js";
import { failure } from "./testing/errors.js";
import { runtimes } from "./testing/runtimes.js";
import { tlsCredentials } from "./tls-credentials.js";

let pem: TestCertificates;
beforeAll(async () => {
  pem = await testCertificates();
});

test("a certificate that cannot be read, or has another key, is refused", () => {
  expect(() => tlsCredentials({ cert: "nonsense", key: pem.server.key })).toThrow();
  expect(() => tlsCredentials({ cert: pem.server.cert, key: pem.client.key })).toThrow(
    /key is not the private key of the certificate in cert/,
  );
  expect(() => tlsCredentials({ ...pem.server, clientCa: pem.ca })).not.toThrow();
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  const start = async (clientCa: string | undefined) => {
    const seen: unknown[] = [];
    const server = createServer({ runtime }).add(EchoServiceDefinition, {
      ...echoService(),
      async echoUnary({ text }, { call }) {
        seen.push(call.peerCertificate?.subject.CN);
        return { text };
      },
    });
    const port = await server.listen(
      "127.0.0.1:0",
      tlsCredentials({ ...pem.server, ...(clientCa !== undefined && { clientCa }) }),
    );
    const channels: ReturnType<typeof createChannel>[] = [];
    const connect = (client?: TestCertificate) => {
      const credentials = ChannelCredentials.createSsl(
        Buffer.from(pem.ca),
        client ? Buffer.from(client.key) : null,
        client ? Buffer.from(client.cert) : null,
      );
      const channel = createChannel(`localhost:${port}`, credentials, {
        "grpc.use_local_subchannel_pool": 1,
      });
      channels.push(channel);
      return createClient(EchoServiceDefinition, channel);
    };
    const dispose = async () => {
      for (const channel of channels) channel.close();
      server.forceShutdown();
    };
    return { seen, connect, [Symbol.asyncDispose]: dispose };
  };

  test("serves over TLS, to clients without a certificate", async () => {
    await using tls = await start(undefined);
    expect(await tls.connect().echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(tls.seen).toEqual([undefined]);
  });

  test("with a client authority, serves its clients and tells who they are", async () => {
    await using tls = await start(pem.ca);
    expect(await tls.connect(pem.client).echoUnary({ text: "a" })).toEqual({ text: "a" });
    expect(tls.seen).toEqual(["test-client"]);
  });

  test("with a client authority, refuses clients without a certificate and those of another", async () => {
    await using tls = await start(pem.ca);
    for (const client of [undefined, pem.stranger]) {
      const failed = await failure((options) => tls.connect(client).echoUnary({ text: "a" }, options));
      expect(failed.code).toBe(Status.UNAVAILABLE);
    }
    expect(tls.seen).toEqual([]);
  });
});
