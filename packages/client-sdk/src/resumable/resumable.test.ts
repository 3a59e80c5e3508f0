import { once } from "node:events";
import { constants, createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { describe, expect, test } from "@jest/globals";
import {
  echoService,
  EchoServiceDefinition,
  type EchoServerStreamResponse,
  EchoUnaryRequest,
  startServer,
} from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { ServerError, Status } from "nice-grpc-common";
import { CallError } from "../errors/call-error.js";
import { createClient } from "../test-room/clients.js";
import { resumable } from "./resumable.js";
import { isResumable, type Resume } from "./resumed-stream.js";

type End = (stream: ServerHttp2Stream) => void;

/** A server without any gRPC library: each stream gets a message, and then ends in its way; the last one with OK. */
async function startRaw(ends: readonly End[]) {
  const server = createServer();
  const sessions = new Set<{ destroy(): void }>();
  let streams = 0;
  server.on("session", (session) => sessions.add(session));
  server.on("stream", (stream) => {
    const end = ends[streams++];
    stream.on("error", () => {});
    stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
    // A response has its text where this request has it.
    const bytes = EchoUnaryRequest.encode(EchoUnaryRequest.fromPartial({ text: `m${streams}` })).finish();
    stream.on("wantTrailers", () => {
      if (end === undefined) stream.sendTrailers({ "grpc-status": "0" });
      else stream.close();
    });
    stream.write(lengthPrefixed(bytes), () => {
      if (end === undefined) stream.end();
      // Node.js would send the reset before the message.
      else setTimeout(() => end(stream), 20);
    });
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    async [Symbol.asyncDispose]() {
      for (const session of sessions) session.destroy();
      server.close();
    },
  };
}

const cuts: [string, End][] = [
  ["RST_STREAM(INTERNAL_ERROR)", (stream) => stream.close(constants.NGHTTP2_INTERNAL_ERROR)],
  ["RST_STREAM(CANCEL)", (stream) => stream.close(constants.NGHTTP2_CANCEL)],
  ["RST_STREAM(ENHANCE_YOUR_CALM)", (stream) => stream.close(constants.NGHTTP2_ENHANCE_YOUR_CALM)],
  ["END_STREAM without trailers", (stream) => stream.end()],
  [
    "HTML inside the stream",
    (stream) => stream.end("<!DOCTYPE HTML><html><body>502 Proxy Error</body></html>"),
  ],
  ["the end of the connection", (stream) => stream.session!.destroy()],
];

describe("a stream that is cut off", () => {
  test.each(cuts)("by %s is resumed", async (_, cut) => {
    await using server = await startRaw([cut]);
    await using client = createClient(EchoServiceDefinition, { address: server.address });
    const begun: (string | undefined)[] = [];
    const resumes: Resume[] = [];
    const stream = resumable<EchoServerStreamResponse>(
      (token, options) => {
        begun.push(token);
        return client.echoServerStream({ text: token ?? "" }, options);
      },
      { tokenOf: ({ text }) => text, onResume: (resume) => resumes.push(resume) },
    );
    const texts: string[] = [];
    for await (const { text } of stream) texts.push(text);
    expect(texts).toEqual(["m1", "m2"]);
    expect(begun).toEqual([undefined, "m1"]);
    expect(resumes).toMatchObject([{ attempt: 1, error: { name: "CallError" } }]);
    expect(resumes[0]!.error.origin).toMatch(/^(reset|connection)$/);
  });
});

test.each([
  [Status.UNAVAILABLE, true],
  [Status.CANCELLED, true],
  [Status.INTERNAL, false],
  [Status.UNKNOWN, false],
  [Status.OUT_OF_RANGE, false],
])("a status of the server's, %d: resumed is %s", async (code, isResumed) => {
  let calls = 0;
  await using server = await startServer((s) =>
    s.add(EchoServiceDefinition, {
      ...echoService(),
      async *echoServerStream() {
        yield { text: "a" };
        if (++calls === 1) throw new ServerError(code, "enough");
      },
    }),
  );
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const stream = resumable((_, options) => client.echoServerStream({}, options), { tokenOf: () => "t" });
  const reading = (async () => {
    let count = 0;
    for await (const _ of stream) count++;
    return count;
  })();
  if (isResumed) expect(await reading).toBe(2);
  else await expect(reading).rejects.toMatchObject({ code, origin: "status" });
});

describe("from this side", () => {
  const begin = async (more: Partial<Parameters<typeof resumable>[1]> = {}) => {
    let aborted = (): void => {};
    const handlerAborted = new Promise<void>((resolve) => {
      aborted = resolve;
    });
    const server = await startServer((s) =>
      s.add(EchoServiceDefinition, {
        ...echoService(),
        async *echoServerStream(_, { signal }) {
          yield { text: "a" };
          await new Promise((resolve) => signal.addEventListener("abort", resolve));
          aborted();
        },
      }),
    );
    const client = createClient(EchoServiceDefinition, { address: server.address });
    const stream = resumable((_, options) => client.echoServerStream({}, options), {
      tokenOf: () => "t",
      ...more,
    });
    return {
      client,
      stream,
      handlerAborted,
      async [Symbol.asyncDispose]() {
        client.close();
        await server[Symbol.asyncDispose]();
      },
    };
  };

  test("a reader who leaves while it waits ends the call", async () => {
    await using begun = await begin();
    await begun.stream.next();
    const waiting = begun.stream.next();
    await begun.stream.return!();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await begun.handlerAborted;
  });

  test("a signal ends it with its reason", async () => {
    const cancel = new AbortController();
    await using begun = await begin({ signal: cancel.signal });
    await begun.stream.next();
    const waiting = begun.stream.next();
    cancel.abort(new Error("enough"));
    await expect(waiting).rejects.toThrow("enough");
    await begun.handlerAborted;
  });

  test("a client that is closed ends it with CANCELLED", async () => {
    await using begun = await begin();
    await begun.stream.next();
    const waiting = begun.stream.next();
    begun.client.close();
    await expect(waiting).rejects.toMatchObject({ code: Status.CANCELLED, origin: "local" });
    await begun.handlerAborted;
  });

  test("tokenOf that throws ends it with that error, and the call", async () => {
    await using begun = await begin({
      tokenOf: () => {
        throw new Error("no token");
      },
    });
    await expect(begun.stream.next()).rejects.toThrow("no token");
    await begun.handlerAborted;
    expect(await begun.stream.next()).toEqual({ done: true, value: undefined });
  });

  test.each<[string, object]>([
    ["tokenOf", { tokenOf: () => Promise.reject(new Error("concerns nobody")) }],
    ["isResumable", { stallTimeoutMs: 500, isResumable: () => Promise.reject(new Error("concerns nobody")) }],
  ])("%s that is async ends it, and says so", async (name, options) => {
    await using begun = await begin(options);
    const read = async () => {
      while (!(await begun.stream.next()).done);
    };
    await expect(read()).rejects.toThrow(`${name} returned a promise, and must not be async`);
  });

  test("onResume that is async and fails ends it with that error", async () => {
    const onResume: unknown = () => Promise.reject(new Error("enough"));
    await using begun = await begin({ stallTimeoutMs: 500, onResume: onResume as () => void });
    await begun.stream.next();
    await expect(begun.stream.next()).rejects.toThrow("enough");
  });

  test("a time-out holds for all connections", async () => {
    // Long enough for the first message, on a busy machine too.
    await using begun = await begin({ timeoutMs: 500 });
    await begun.stream.next();
    await expect(begun.stream.next()).rejects.toMatchObject({ code: Status.DEADLINE_EXCEEDED });
  });

  test("silence for too long is a lost connection", async () => {
    const resumes: Resume[] = [];
    await using begun = await begin({
      // Long enough for the first message, on a busy machine too.
      stallTimeoutMs: 500,
      onResume: (resume) => {
        resumes.push(resume);
        throw new Error("enough");
      },
    });
    await begun.stream.next();
    await expect(begun.stream.next()).rejects.toThrow("enough");
    expect(resumes[0]!.error).toMatchObject({ code: Status.UNAVAILABLE, origin: "connection" });
    await begun.handlerAborted;
  });
});

test.each<[string, () => unknown]>([
  ["nothing", () => undefined],
  ["a promise", () => Promise.reject(new Error("concerns nobody"))],
  ["an array", () => [1]],
])("a call that gives %s is no stream", async (_, give) => {
  const stream = resumable(give as () => AsyncIterable<string>, { tokenOf: (message) => message });
  await expect(stream.next()).rejects.toThrow("call gave no stream: it must return what a client's method");
});

test("options that are wrong are refused at once", () => {
  const call = () => (async function* () {})();
  expect(() => resumable(call, {} as never)).toThrow("'tokenOf' is missing: it must be a function");
  expect(() => resumable(undefined as never, { tokenOf: () => "" })).toThrow(
    "call is missing: it must be a function",
  );
  expect(() => resumable(call, { tokenOf: () => "", onResumed: () => {} } as never)).toThrow(
    "resumable has no option 'onResumed'; did you mean 'onResume'?",
  );
});

test.each([
  ["local", Status.CANCELLED, false],
  ["deadline", Status.DEADLINE_EXCEEDED, false],
  ["reset", Status.UNKNOWN, true],
  ["connection", Status.UNKNOWN, true],
] as const)("an end of origin %s with code %d: resumable is %s", (origin, code, expected) => {
  expect(isResumable(new CallError({ code, description: "", method: "m", origin }))).toBe(expected);
});
