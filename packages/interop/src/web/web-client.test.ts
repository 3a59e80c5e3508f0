// The client for browsers against real servers, by the `fetch` of Node.js.
import { once } from "node:events";
import { UserServiceDefinition } from "@callwire/contracts/users";
import {
  CallError,
  connect,
  createClient,
  grpcWeb,
  type Metadata,
  Status,
  type WebClientOptions,
} from "@callwire/client-sdk/web";
import { createUsersClient } from "@callwire/client-sdk/web/users";
import { describe, expect, jest, test } from "@jest/globals";
import { peers, startPeer } from "./servers.js";

const cases = peers.flatMap((peer) => [connect, grpcWeb].map((protocol) => ({ peer, protocol })));

// Connect's server prints each call whose client has gone.
jest.spyOn(console, "error").mockImplementation(() => {});

async function thrownBy(call: Promise<unknown>): Promise<CallError> {
  return await call.then(
    () => Promise.reject(new Error("the call did not fail")),
    (error: unknown) => error as CallError,
  );
}

describe.each(cases)("$peer.name by $protocol.name", ({ peer: { handler, isBidiOverHttp1 }, protocol }) => {
  const start = async () => {
    const peer = await startPeer(handler);
    const client = (options: Partial<WebClientOptions>) =>
      createClient(UserServiceDefinition, { baseUrl: peer.baseUrl, protocol, ...options });
    return Object.assign(peer, { client });
  };

  test("a unary call with metadata both ways", async () => {
    await using peer = await start();
    await using users = peer.client({ token: () => Promise.resolve("t1") });
    const heard: Metadata[] = [];
    const user = await users.getUser(
      { id: "ada" },
      {
        requestId: "r1",
        onHeader: (header) => heard.push(header),
        onTrailer: (trailer) => heard.push(trailer),
      },
    );
    expect(user).toMatchObject({ id: "ada", name: "user ada", email: "ü@example.com" });
    expect(heard.map((each) => [each.get("x-seen"), each.get("x-end")])).toEqual([
      ["r1 Bearer t1", undefined],
      [undefined, "yes"],
    ]);
    expect(heard[0]!.get("x-data-bin")).toEqual(Uint8Array.of(1, 2, 3));
  });

  test("an error with its details and trailers", async () => {
    await using peer = await start();
    await using users = peer.client({});
    const error = await thrownBy(users.getUser({ id: "nobody" }));
    expect(error).toBeInstanceOf(CallError);
    expect(error).toMatchObject({
      code: Status.NOT_FOUND,
      description: "no such user: ü",
      method: "users.UserService/GetUser",
      origin: "status",
      details: { resourceInfo: { resourceType: "users.User", resourceName: "nobody" } },
    });
    expect(error.metadata.get("x-trace")).toBe("t1");
  });

  test("a safe call is tried again", async () => {
    await using peer = await start();
    await using users = peer.client({ retry: { initialBackoffMs: 1 } });
    expect(await users.getUser({ id: "twice-1" })).toMatchObject({ id: "twice-1" });
    expect(await thrownBy(users.getUser({ id: "twice-2" }, { retry: false }))).toMatchObject({
      code: Status.UNAVAILABLE,
    });
  });

  test("the deadline ends a call, and the signal on both sides", async () => {
    await using peer = await start();
    await using users = peer.client({});
    expect(await thrownBy(users.getUser({ id: "slow" }, { timeoutMs: 50 }))).toMatchObject({
      code: Status.DEADLINE_EXCEEDED,
    });
    const left = once(peer.notes, "cancelled");
    const controller = new AbortController();
    const call = users.getUser({ id: "slow" }, { signal: controller.signal });
    peer.notes.once("waiting", () => controller.abort(new Error("enough")));
    await expect(call).rejects.toThrow("enough");
    expect(await left).toEqual(["getUser"]);
  });

  test("a server stream, its error, and its end by the reader", async () => {
    await using peer = await start();
    await using users = peer.client({});
    const tokens: string[] = [];
    for await (const { resumeToken } of users.watchUsers({})) tokens.push(resumeToken);
    expect(tokens).toEqual(["0", "1", "2"]);
    const failing = async () => {
      for await (const { resumeToken } of users.watchUsers({ departments: ["fail"] }))
        tokens.push(resumeToken);
    };
    expect(await thrownBy(failing())).toMatchObject({
      code: Status.NOT_FOUND,
      details: { resourceInfo: { resourceName: "watched" } },
    });
    expect(tokens).toHaveLength(6);
    const cancelled = once(peer.notes, "cancelled");
    for await (const _ of users.watchUsers({ departments: ["wait"] })) break;
    expect(await cancelled).toEqual(["watchUsers"]);
  });

  test("a stream that is left while its next message is waited for", async () => {
    await using peer = await start();
    await using users = peer.client({});
    const cancelled = once(peer.notes, "cancelled");
    const events = users.watchUsers({ departments: ["wait"] })[Symbol.asyncIterator]();
    for (let at = 0; at < 3; at++) await events.next();
    const waiting = events.next();
    await events.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(await cancelled).toEqual(["watchUsers"]);
  });

  test("requests that stream", async () => {
    await using peer = await start();
    await using users = peer.client({});
    const upload = users.uploadUsers([{ name: "a" }, { name: "b" }]);
    if (protocol === grpcWeb) {
      expect(await thrownBy(upload)).toMatchObject({
        code: Status.UNIMPLEMENTED,
        description: "gRPC-Web cannot stream requests: use the protocol connect, or send them by unary calls",
      });
      return;
    }
    expect(await upload).toMatchObject({ created: 2, errors: [{ reason: "a b" }] });
    const chat = async () => {
      const lines: string[] = [];
      for await (const { content } of users.chat([{ content: "x" }, { content: "y" }])) lines.push(content);
      return lines;
    };
    if (isBidiOverHttp1) expect(await chat()).toEqual(["x!", "y!"]);
    else expect(await thrownBy(chat())).toMatchObject({ description: "HTTP status 505" });
    const source = async function* () {
      yield { name: "a" };
      throw new Error("no more rows");
    };
    expect(await thrownBy(users.uploadUsers(source()))).toMatchObject({
      code: Status.CANCELLED,
      description: "the requests could not be read: no more rows",
    });
  });

  test("closing the client ends its calls", async () => {
    await using peer = await start();
    const users = peer.client({});
    const call = thrownBy(users.getUser({ id: "slow" }));
    users.close();
    expect(await call).toMatchObject({ code: Status.CANCELLED, description: "the client is closed" });
    expect(await thrownBy(users.getUser({ id: "ada" }))).toMatchObject({ code: Status.CANCELLED });
  });

  test("the users client", async () => {
    await using peer = await start();
    await using users = createUsersClient({ baseUrl: peer.baseUrl, protocol });
    expect(await users.getUser({ id: "ada" })).toMatchObject({ name: "user ada" });
    const tokens: string[] = [];
    for await (const { resumeToken } of users.watchUsers({})) tokens.push(resumeToken);
    expect(tokens).toEqual(["0", "1", "2"]);
  });
});
