import { getEventListeners, once } from "node:events";
import { connect, createServer as createTcpServer, type AddressInfo, type Socket } from "node:net";
import { describe, expect, test } from "@jest/globals";
import { ErrorInfo, Status as RpcStatus } from "@callwire/contracts/google/rpc";
import { type UserEvent, UserServiceDefinition } from "@callwire/contracts/users";
import { startServer } from "@callwire/testkit";
import { type CallContext, ServerError, Status } from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { createUsersClient } from "../test-room/clients.js";
import type { UsersClient } from "./users-client.js";
import type { Resume } from "../resumable/resumed-stream.js";
import { isResumable, type WatchOptions } from "./watch.js";

const unused = async () => {
  throw new ServerError(Status.UNIMPLEMENTED, "not in this test");
};

type Watch = (resumeToken: string, context: CallContext) => AsyncGenerator<Partial<UserEvent>>;

function startWatched(watch: Watch, port?: number) {
  return startServer(
    (s) =>
      s.add(UserServiceDefinition, {
        getUser: unused,
        createUser: unused,
        updateUser: unused,
        deleteUser: unused,
        listUsers: unused,
        uploadUsers: unused,
        // eslint-disable-next-line require-yield
        async *chat() {
          await unused();
        },
        async *watchUsers({ resumeToken }, context) {
          yield* watch(resumeToken, context);
        },
      }),
    port,
  );
}

/** Waits for ever; until the call is over, that is. */
async function hold({ signal }: CallContext): Promise<never> {
  if (!signal.aborted) await once(signal, "abort");
  throw signal.reason;
}

const at = (position: number) => ({ resumeToken: String(position) });

/**
 * A log of changes that others append to. A watcher gets a heartbeat that confirms its position, then the changes after
 * it, but at most `perCall` of them before the call fails with `failure`.
 */
class Log {
  length = 0;
  readonly resumedFrom: string[] = [];
  #grown: (() => void)[] = [];

  append(): void {
    this.length += 1;
    for (const wake of this.#grown.splice(0)) wake();
  }

  watch(perCall = Infinity, failure?: Error): Watch {
    return async function* (this: Log, resumeToken: string, context: CallContext) {
      this.resumedFrom.push(resumeToken);
      let position = resumeToken === "" ? this.length : Number(resumeToken);
      let sent = 0;
      yield { eventType: "heartbeat", user: { name: "system" } as UserEvent["user"], ...at(position) };
      const over = hold(context);
      over.catch(() => {});
      for (;;) {
        while (position < this.length) {
          if (sent === perCall && failure) throw failure;
          position += 1;
          sent += 1;
          yield { eventType: "created", ...at(position) };
        }
        await Promise.race([over, new Promise<void>((resolve) => this.#grown.push(resolve))]);
      }
    }.bind(this);
  }
}

/** The tokens of the next `count` events. */
async function take(events: AsyncIterator<UserEvent>, count: number): Promise<string[]> {
  const tokens: string[] = [];
  while (tokens.length < count) {
    const { done, value } = await events.next();
    if (done) throw new Error("the watch has ended");
    tokens.push(value.resumeToken);
  }
  return tokens;
}

function begin(users: UsersClient, options?: WatchOptions, resumeToken = "0"): AsyncIterator<UserEvent> {
  return users.watchUsers({ resumeToken }, options)[Symbol.asyncIterator]();
}

/** A wire to a server that can be cut, or go dead without a word. */
async function startWire(port: number) {
  const sockets = new Set<Socket>();
  let dead = false;
  const wire = createTcpServer((near) => {
    const far = connect(port, "127.0.0.1");
    for (const [from, to] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(from);
      from.on("data", (data) => dead || to.write(data));
      from.on("error", () => {});
      from.on("close", () => {
        sockets.delete(from);
        to.destroy();
      });
    }
  });
  wire.listen(0, "127.0.0.1");
  await once(wire, "listening");
  const cut = () => {
    for (const socket of sockets) socket.resetAndDestroy();
  };
  return {
    address: `127.0.0.1:${(wire.address() as AddressInfo).port}`,
    cut,
    die: () => (dead = true),
    heal: () => (dead = false),
    async [Symbol.asyncDispose]() {
      cut();
      wire.close();
    },
  };
}

const portOf = (address: string) => Number(address.split(":")[1]);

describe("a watch goes on, missing and repeating nothing,", () => {
  test("when the server is replaced by another on the same port", async () => {
    const log = new Log();
    log.append();
    log.append();
    const first = await startWatched(log.watch());
    await using users = createUsersClient({ address: first.address });
    const resumes: Resume[] = [];
    const events = begin(users, { onResume: (resume) => void resumes.push(resume) });
    expect(await take(events, 2)).toEqual(["1", "2"]);

    const next = events.next();
    first.server.forceShutdown();
    log.append();
    log.append();
    await using _second = await startWatched(log.watch(), portOf(first.address));
    expect((await next).value).toMatchObject(at(3));
    expect(await take(events, 1)).toEqual(["4"]);
    expect(log.resumedFrom).toEqual(["0", "2"]);
    expect(resumes[0]).toMatchObject({ attempt: 1, error: { name: "CallError" } });
    await events.return?.();
  });

  test("when the connection is reset", async () => {
    const log = new Log();
    log.append();
    await using server = await startWatched(log.watch());
    await using wire = await startWire(portOf(server.address));
    await using users = createUsersClient({ address: wire.address });
    const resumes: Resume[] = [];
    const events = begin(users, { onResume: (resume) => void resumes.push(resume) });
    expect(await take(events, 1)).toEqual(["1"]);
    wire.cut();
    log.append();
    expect(await take(events, 1)).toEqual(["2"]);
    expect(resumes.map(({ error }) => error.code)).toEqual([Status.UNAVAILABLE]);
    await events.return?.();
  });

  test("when nothing comes for too long", async () => {
    const log = new Log();
    log.append();
    await using server = await startWatched(log.watch());
    await using wire = await startWire(portOf(server.address));
    await using users = createUsersClient({ address: wire.address });
    const resumed: string[] = [];
    const events = begin(users, {
      // Long enough for the first event, on a busy machine too.
      stallTimeoutMs: 1000,
      onResume({ error }) {
        resumed.push(error.description);
        wire.heal();
        wire.cut();
        log.append();
      },
    });
    expect(await take(events, 1)).toEqual(["1"]);
    wire.die();
    expect(await take(events, 1)).toEqual(["2"]);
    expect(resumed).toEqual(["no message for 1000 ms"]);
    await events.return?.();
  });

  test("from a heartbeat too", async () => {
    let calls = 0;
    const tokens: string[] = [];
    await using server = await startWatched(async function* (resumeToken) {
      tokens.push(resumeToken);
      calls += 1;
      yield { eventType: "heartbeat", ...at(7) };
      if (calls === 1) throw new ServerError(Status.UNAVAILABLE, "");
      yield { eventType: "created", ...at(8) };
    });
    await using users = createUsersClient({ address: server.address });
    expect(await take(begin(users), 1)).toEqual(["8"]);
    expect(tokens).toEqual(["0", "7"]);
  });

  test("when it was too slow", async () => {
    const log = new Log();
    for (let change = 0; change < 3; change++) log.append();
    const slow = log.watch(2, new ServerError(Status.RESOURCE_EXHAUSTED, "too slow"));
    await using server = await startWatched(async function* (resumeToken, context) {
      const value = ErrorInfo.encode(ErrorInfo.fromPartial({ reason: "WATCHER_TOO_SLOW" })).finish();
      const details = [{ typeUrl: "type.googleapis.com/google.rpc.ErrorInfo", value }];
      const status = RpcStatus.encode({
        code: Status.RESOURCE_EXHAUSTED,
        message: "too slow",
        details,
      }).finish();
      context.trailer.set("grpc-status-details-bin", status);
      yield* slow(resumeToken, context);
    });
    await using users = createUsersClient({ address: server.address });
    const events = begin(users);
    expect(await take(events, 3)).toEqual(["1", "2", "3"]);
    await events.return?.();
  });
});

test("heartbeats are for who asks for them", async () => {
  await using server = await startWatched(async function* () {
    yield { eventType: "heartbeat", ...at(1) };
    yield { eventType: "created", ...at(2) };
    yield { eventType: "of the future", ...at(3) };
  });
  await using users = createUsersClient({ address: server.address });
  const types = async (options?: WatchOptions) => {
    const all: string[] = [];
    for await (const { eventType } of users.watchUsers({}, options)) all.push(eventType);
    return all;
  };
  expect(await types()).toEqual(["created", "of the future"]);
  expect(await types({ heartbeats: true })).toEqual(["heartbeat", "created", "of the future"]);
});

test.each([Status.OUT_OF_RANGE, Status.INVALID_ARGUMENT, Status.UNAUTHENTICATED, Status.RESOURCE_EXHAUSTED])(
  "an error of code %d ends it",
  async (code) => {
    // eslint-disable-next-line require-yield
    await using server = await startWatched(async function* () {
      throw new ServerError(code, "no way");
    });
    await using users = createUsersClient({ address: server.address });
    await expect(begin(users).next()).rejects.toMatchObject({
      name: "CallError",
      code,
      description: "no way",
      method: "users.UserService/WatchUsers",
    });
  },
);

test("asked for several events at once, it gives them in order", async () => {
  const log = new Log();
  for (let change = 0; change < 4; change++) log.append();
  const slow = log.watch(2, new ServerError(Status.UNAVAILABLE, ""));
  await using server = await startWatched(slow);
  await using users = createUsersClient({ address: server.address });
  const events = begin(users);
  const asked = await Promise.all(Array.from({ length: 4 }, () => events.next()));
  expect(asked.map(({ value }) => (value as UserEvent).resumeToken)).toEqual(["1", "2", "3", "4"]);
  const waiting = [events.next(), events.next()];
  await events.return?.();
  expect(await Promise.all(waiting)).toEqual([
    { done: true, value: undefined },
    { done: true, value: undefined },
  ]);
  expect(await events.next()).toMatchObject({ done: true });
});

test("many watches that stall are each noticed, and one whose reader is slow is not", async () => {
  const log = new Log();
  log.append();
  await using server = await startWatched(log.watch());
  await using users = createUsersClient({ address: server.address });
  const stalled: number[] = [];
  const watches = Array.from({ length: 5 }, (_, i) =>
    begin(users, {
      stallTimeoutMs: 1000 + i * 20,
      onResume() {
        stalled.push(i);
        throw new Error("enough");
      },
    }),
  );
  const slow = begin(users, { stallTimeoutMs: 1000 });
  await Promise.all([...watches, slow].map((events) => take(events, 1)));
  await Promise.all(watches.map((events) => expect(events.next()).rejects.toThrow("enough")));
  expect(stalled.toSorted((a, b) => a - b)).toEqual([0, 1, 2, 3, 4]);
  log.append();
  expect(await take(slow, 1)).toEqual(["2"]);
  expect(log.resumedFrom).toHaveLength(6);
  await slow.return?.();
});

describe("it ends", () => {
  test("with the reason of its signal, while connected and while waiting to resume, leaving no listener", async () => {
    const log = new Log();
    log.append();
    const server = await startWatched(log.watch());
    await using users = createUsersClient({ address: server.address });
    const connected = new AbortController();
    const events = begin(users, { signal: connected.signal });
    await take(events, 1);
    const next = events.next();
    connected.abort("enough");
    await expect(next).rejects.toBe("enough");
    expect(getEventListeners(connected.signal, "abort")).toHaveLength(0);

    server.server.forceShutdown();
    const waiting = new AbortController();
    const lost = begin(users, {
      signal: waiting.signal,
      onResume: () => setImmediate(() => waiting.abort("enough")),
    });
    await expect(lost.next()).rejects.toBe("enough");
    expect(getEventListeners(waiting.signal, "abort")).toHaveLength(0);
  });

  test("with CANCELLED when the client is closed, while connected, while waiting to resume, and after", async () => {
    const log = new Log();
    log.append();
    const server = await startWatched(log.watch());
    const closed = { name: "CallError", code: Status.CANCELLED, description: "the client is closed" };
    const users = createUsersClient({ address: server.address });
    const events = begin(users);
    await take(events, 1);
    const next = events.next();
    users.close();
    await expect(next).rejects.toMatchObject(closed);
    await expect(begin(users).next()).rejects.toMatchObject(closed);

    server.server.forceShutdown();
    const others = createUsersClient({ address: server.address });
    const lost = begin(others, { onResume: () => void setImmediate(() => others.close()) });
    await expect(lost.next()).rejects.toMatchObject(closed);
  });

  test("with DEADLINE_EXCEEDED when its time is up, while connected and while waiting to resume", async () => {
    const late = { name: "CallError", code: Status.DEADLINE_EXCEEDED };
    const server = await startWatched(new Log().watch());
    await using users = createUsersClient({ address: server.address });
    await expect(begin(users, { timeoutMs: 100 }).next()).rejects.toMatchObject(late);
    server.server.forceShutdown();
    await expect(begin(users, { timeoutMs: 100 }).next()).rejects.toMatchObject(late);
  });

  test("on the server too when its reader leaves", async () => {
    const log = new Log();
    log.append();
    const contexts: CallContext[] = [];
    await using server = await startWatched((resumeToken, context) => {
      contexts.push(context);
      return log.watch()(resumeToken, context);
    });
    await using users = createUsersClient({ address: server.address });
    for await (const event of users.watchUsers({ resumeToken: "0" })) {
      expect(event).toMatchObject(at(1));
      break;
    }
    await expect(hold(contexts[0]!)).rejects.toBeDefined();
  });

  test("after one connection if onResume throws: the retries of other calls are not for it", async () => {
    let connections = 0;
    // eslint-disable-next-line require-yield
    await using server = await startWatched(async function* () {
      connections += 1;
      throw new ServerError(Status.UNAVAILABLE, "");
    });
    await using users = createUsersClient({ address: server.address, retry: { initialBackoffMs: 5 } });
    const onResume = () => {
      throw new Error("give up");
    };
    await expect(begin(users, { onResume }).next()).rejects.toThrow("give up");
    expect(connections).toBe(1);
  });

  test("with what onResume throws when there is no server", async () => {
    await using users = createUsersClient({ address: "127.0.0.1:1" });
    const onResume = () => {
      throw new Error("give up");
    };
    await expect(begin(users, { onResume }).next()).rejects.toThrow("give up");
  });

  test("with INVALID_ARGUMENT if an option is out of its limits", async () => {
    await using users = createUsersClient({ address: "127.0.0.1:1" });
    const invalid = { name: "CallError", code: Status.INVALID_ARGUMENT };
    await expect(begin(users, { stallTimeoutMs: 0 }).next()).rejects.toMatchObject(invalid);
    await expect(begin(users, { timeoutMs: 0 }).next()).rejects.toMatchObject(invalid);
  });
});

test.each([
  [Status.UNAVAILABLE, "status", true],
  [Status.UNAVAILABLE, "connection", true],
  [Status.CANCELLED, "status", true],
  [Status.INTERNAL, "reset", true],
  [Status.INTERNAL, "connection", true],
  [Status.INTERNAL, "status", false],
  [Status.INTERNAL, "local", false],
  [Status.RESOURCE_EXHAUSTED, "reset", true],
  [Status.RESOURCE_EXHAUSTED, "status", false],
  [Status.UNKNOWN, "status", false],
  [Status.OUT_OF_RANGE, "status", false],
] as const)("code %d that came as %s: resumed is %p", (code, origin, resumable) => {
  const description = "Received RST_STREAM with code 0";
  expect(isResumable(new CallError({ code, description, method: "m", origin }))).toBe(resumable);
});
