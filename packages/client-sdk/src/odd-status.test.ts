import { once } from "node:events";
import { createServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { Status } from "nice-grpc-common";
import { createClient } from "./test-room/clients.js";

test.each(["abc", "-1", "17", "99999"])(
  "grpc-status %j, which nobody can read, is UNKNOWN with the server's text",
  async (status) => {
    const server = createServer();
    const sessions = new Set<{ destroy(): void }>();
    server.on("session", (session) => sessions.add(session));
    server.on("stream", (stream) => {
      const head = { ":status": 200, "content-type": "application/grpc" };
      stream.respond(
        { ...head, "grpc-status": status, "grpc-message": "the server's own text", "x-more": "kept" },
        { endStream: true },
      );
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    const address = `127.0.0.1:${(server.address() as AddressInfo).port}`;
    const client = createClient(EchoServiceDefinition, { address, retry: false });
    const expected = {
      name: "CallError",
      code: Status.UNKNOWN,
      message: expect.stringContaining("the server's own text"),
    };
    await expect(client.echoUnary({})).rejects.toMatchObject(expected);
    const stream = client.echoServerStream({})[Symbol.asyncIterator]();
    await expect(stream.next()).rejects.toMatchObject(expected);
    client.close();
    for (const session of sessions) session.destroy();
    server.close();
  },
);
