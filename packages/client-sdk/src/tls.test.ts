import { once } from "node:events";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import type { ClientOptions } from "./client-options.js";
import { createClient } from "./test-room/clients.js";

/** A certificate of its own authority for localhost and 127.0.0.1, good for a hundred years; made for this test alone. */
const cert = `-----BEGIN CERTIFICATE-----
MIIBmzCCAUGgAwIBAgIUSBnTnvNz2vEYGVbOWae/9k2/UhswCgYIKoZIzj0EAwIw
FDESMBAGA1UEAwwJbG9jYWxob3N0MCAXDTI2MTEyMjE4MzEzN1oYDzIxMjYxMDI5
MTgzMTM3WjAUMRIwEAYDVQQDDAlsb2NhbGhvc3QwWTATBgcqhkjOPQIBBggqhkjO
PQMBBwNCAAQFqFnsQWAlZ0QXTOTqQTVCoZo2XVB3Ik97cecGi6JJsgmp2797lBLH
Z45lTSNbpeTf4f6ET/kFLXXFHQot5RlTo28wbTAdBgNVHQ4EFgQUD/xxH6VUXbTx
GGmocgPfIr7+ScMwHwYDVR0jBBgwFoAUD/xxH6VUXbTxGGmocgPfIr7+ScMwDwYD
VR0TAQH/BAUwAwEB/zAaBgNVHREEEzARgglsb2NhbGhvc3SHBH8AAAEwCgYIKoZI
zj0EAwIDSAAwRQIhAMLcHQMP3XAGcis8/LyNKlt9NxxdiRr3oWgIdxieZ58eAiB/
h9lM094cdDbqwoYUYnAZ2/cTRdGUUlHpNSmYOPIudQ==
-----END CERTIFICATE-----
`;
const key = `-----BEGIN PRIVATE KEY-----
MIGHAgEAMBMGByqGSM49AgEGCCqGSM49AwEHBG0wawIBAQQg/QJhGuzTRdAqfH/8
1y/qPnxrsCAOAlKgCIqWwgF2iF6hRANCAAQFqFnsQWAlZ0QXTOTqQTVCoZo2XVB3
Ik97cecGi6JJsgmp2797lBLHZ45lTSNbpeTf4f6ET/kFLXXFHQot5RlT
-----END PRIVATE KEY-----
`;

/** A server without any gRPC library: answers every call with an empty message, and records the tokens. */
async function startSecure(requestCert: boolean) {
  const tokens: (string | undefined)[] = [];
  const sessions = new Set<{ destroy(): void }>();
  const server = createSecureServer({ key, cert, ca: cert, requestCert });
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream, { authorization }) => {
    tokens.push(authorization);
    stream.respond({ "content-type": "application/grpc" }, { waitForTrailers: true });
    stream.on("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
    stream.end(Buffer.alloc(5));
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    port: (server.address() as AddressInfo).port,
    tokens,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

test.each(["https://localhost", "localhost"])("talks to %s over TLS, with a token", async (host) => {
  await using server = await startSecure(false);
  const options = { address: `${host}:${server.port}`, tls: { ca: cert }, token: "t" };
  await using client = createClient(EchoServiceDefinition, options);
  expect(await client.echoUnary({})).toEqual({ text: "" });
  expect(server.tokens).toEqual(["Bearer t"]);
});

test("shows its own certificate to a server that wants one", async () => {
  await using server = await startSecure(true);
  const address = `https://localhost:${server.port}`;
  await using known = createClient(EchoServiceDefinition, { address, tls: { ca: cert, key, cert } });
  expect(await known.echoUnary({})).toEqual({ text: "" });
  await using unknown = createClient(EchoServiceDefinition, { address, tls: { ca: cert }, retry: false });
  await expect(unknown.echoUnary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
});

test("does not talk to a server that it has no reason to trust", async () => {
  await using server = await startSecure(false);
  const address = `https://localhost:${server.port}`;
  await using client = createClient(EchoServiceDefinition, { address, retry: false });
  await expect(client.echoUnary({})).rejects.toMatchObject({ code: Status.UNAVAILABLE });
});

test("says which side speaks TLS, and the other does not", async () => {
  await using secure = await startSecure(false);
  const clear = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  const failure = async (options: ClientOptions) => {
    await using client = createClient(EchoServiceDefinition, { ...options, retry: false });
    return await client.echoUnary({}).catch((error: unknown) => (error as Error).message);
  };
  expect(await failure({ address: `localhost:${secure.port}` })).toMatch(/TLS.* 'https:\/\/'/);
  expect(await failure({ address: `https://${clear.address}` })).toMatch(
    /the server does not speak TLS|does the server speak TLS/,
  );
  expect(await failure({ address: `https://localhost:${secure.port}` })).toMatch(
    /authority: give its certificate, as 'tls\.ca'/,
  );
  clear.server.forceShutdown();
});
