import { setImmediate as nextTurn } from "node:timers/promises";
import { EchoUnaryRequest } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { describe, expect, test } from "@jest/globals";
import { Metadata as NiceMetadata, Status } from "nice-grpc-common";
import { Metadata } from "../grpc/new-metadata.js";
import { FRAME_DATA, FRAME_GOAWAY, FRAME_HEADERS, FRAME_RST_STREAM } from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { collect, deferred, failureOf } from "../testing/outcomes.js";
import { dataFrames, echoMessage } from "../testing/raw-calls.js";
import { endsStream, type RawPeer, uint32 } from "../testing/raw-peer.js";
import {
  okTrailers,
  openRawEcho,
  type RawEcho,
  responseHeaders,
  takeCall,
  takeRequest,
  wholeResponse,
} from "../testing/raw-server-peer.js";

const goAway = (last = 0): Buffer => frame(FRAME_GOAWAY, 0, 0, uint32(last, ErrorCode.NO_ERROR));

/** The texts of a stream's request so far; frames are cut anywhere. */
function textsOf(peer: RawPeer, id: number): string[] {
  const bytes = Buffer.concat(
    peer
      .of(id)
      .filter(({ type }) => type === FRAME_DATA)
      .map(({ payload }) => payload),
  );
  const texts: string[] = [];
  for (let at = 0; at + 5 <= bytes.length;) {
    const end = at + 5 + bytes.readUInt32BE(at + 1);
    if (end > bytes.length) break;
    texts.push(EchoUnaryRequest.decode(bytes.subarray(at + 5, end)).text);
    at = end;
  }
  return texts;
}

/** Waits until a stream's request has so many messages. */
async function takeTexts(peer: RawPeer, id: number, count: number): Promise<string[]> {
  await peer.first((each) => each.id === id && textsOf(peer, id).length >= count);
  return textsOf(peer, id);
}

/** The ways in which a server says that it has not seen a stream, and the connection of the next attempt. */
const ways: [string, (raw: RawEcho, id: number) => Promise<RawPeer>][] = [
  [
    "GOAWAY",
    async ({ peer, accepted }) => {
      peer.send(goAway());
      return accepted(1);
    },
  ],
  [
    "REFUSED_STREAM",
    async ({ peer }, id) => {
      peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(ErrorCode.REFUSED_STREAM)));
      return peer;
    },
  ],
];

const requests = { text: "a", "64 KiB": "b".repeat(65_536), "1 MiB": "c".repeat(1 << 20) };

describe.each(ways)("a stream that was not seen, by %s", (_, refuse) => {
  test.each(Object.entries(requests))("unary, %s: the same request goes out again", async (__, text) => {
    await using raw = await openRawEcho();
    const call = raw.client.echoUnary({ text });
    const id = await takeCall(raw.peer);
    const next = await refuse(raw, id);
    const again = await takeCall(next);
    // Windows are open for 64 KiB alone.
    next.send(next.grant(1 << 21), next.grant(1 << 21, again));
    expect(await takeTexts(next, again, 1)).toEqual([text]);
    next.send(wholeResponse(next, again));
    expect(await call).toEqual({ text: "answer" });
  });

  test.each(["identity", "gzip"] as const)(
    "as it was when the call was made, with %s",
    async (compression) => {
      await using raw = await openRawEcho();
      const { peer } = raw;
      const message = { text: "as it was" };
      const metadata = Metadata().set("x-turn", "1").set("x-bytes-bin", Buffer.from("1"));
      const call = raw.client.echoUnary(message, { metadata, compression });
      const id = await takeRequest(peer);
      message.text = "changed";
      metadata.set("x-turn", "2").set("x-bytes-bin", Buffer.from("2"));
      const next = await refuse(raw, id);
      const again = await takeRequest(next);
      const headers = (on: RawPeer, of: number) =>
        on.of(of).find(({ type }) => type === FRAME_HEADERS)!.fields;
      expect(headers(next, again)).toEqual(headers(peer, id));
      expect(headers(peer, id)["x-turn"]).toBe("1");
      const data = (on: RawPeer, of: number) =>
        Buffer.concat(
          on
            .of(of)
            .filter(({ type }) => type === FRAME_DATA)
            .map(({ payload }) => payload),
        );
      expect(data(next, again)).toEqual(data(peer, id));
      next.send(wholeResponse(next, again));
      await call;
    },
  );

  test("metadata of nice-grpc's own is read once", async () => {
    await using raw = await openRawEcho();
    const metadata = NiceMetadata({ "x-turn": "1" });
    const call = raw.client.echoUnary({ text: "a" }, { metadata });
    const id = await takeRequest(raw.peer);
    metadata.set("x-turn", "2");
    const next = await refuse(raw, id);
    const again = await takeRequest(next);
    expect(next.of(again)[0]!.fields["x-turn"]).toBe("1");
    next.send(wholeResponse(next, again));
    await call;
  });

  test("server stream: sent again, and read from there", async () => {
    await using raw = await openRawEcho();
    const answers = collect(raw.client.echoServerStream({ text: "a" }));
    const next = await refuse(raw, await takeRequest(raw.peer));
    const again = await takeRequest(next);
    next.send(wholeResponse(next, again));
    expect(await answers).toMatchObject([{ text: "answer" }]);
  });

  test.each(["identity", "gzip"] as const)(
    "client stream, with %s: each message once and in order, those too that come meanwhile",
    async (compression) => {
      await using raw = await openRawEcho();
      const message = { text: "first" };
      const goOn = deferred();
      let asked = 0;
      const source = async function* () {
        asked++;
        yield message;
        await goOn.promise;
        message.text = "third";
        yield { text: "second" };
        yield message;
      };
      const call = raw.client.echoClientStream(source(), { compression });
      const id = await takeCall(raw.peer);
      await raw.peer.first((each) => each.id === id && each.type === FRAME_DATA);
      const next = await refuse(raw, id);
      goOn.resolve();
      const again = await takeCall(next);
      await next.first((each) => each.id === again && endsStream(each));
      if (compression === "identity") expect(textsOf(next, again)).toEqual(["first", "second", "third"]);
      next.send(wholeResponse(next, again));
      expect(await call).toMatchObject({});
      expect(asked).toBe(1);
    },
  );

  test("bidirectional, with a source that has not spoken", async () => {
    await using raw = await openRawEcho();
    const speak = deferred();
    const source = async function* () {
      await speak.promise;
      yield { text: "a" };
    };
    const answers = collect(raw.client.echoBidiStream(source()));
    const next = await refuse(raw, await takeCall(raw.peer));
    const again = await takeCall(next);
    next.send(responseHeaders(next, again), dataFrames(again, echoMessage("hello")));
    speak.resolve();
    await next.first((each) => each.id === again && endsStream(each));
    expect(textsOf(next, again)).toEqual(["a"]);
    next.send(okTrailers(next, again));
    expect(await answers).toMatchObject([{ text: "hello" }]);
  });

  test("a source that ended before is ended again", async () => {
    await using raw = await openRawEcho();
    const call = raw.client.echoClientStream(
      (async function* () {
        yield { text: "a" };
        yield { text: "b" };
      })(),
    );
    const id = await takeRequest(raw.peer);
    const next = await refuse(raw, id);
    const again = await takeRequest(next);
    expect(textsOf(next, again)).toEqual(["a", "b"]);
    next.send(wholeResponse(next, again));
    await call;
  });

  test.each([
    ["maxResendBytesPerCall", 10],
    ["maxResendBytes", 10],
  ])("more than %s is not kept: UNAVAILABLE, and the source is closed", async (name, bytes) => {
    await using raw = await openRawEcho({ channel: { [name]: bytes } });
    const closed = deferred();
    const source = async function* () {
      try {
        yield { text: "more than ten bytes" };
        yield { text: "b" };
        await closed.promise;
      } finally {
        closed.resolve();
      }
    };
    const iterator = source();
    const failure = failureOf(raw.client.echoClientStream(iterator));
    const id = await takeCall(raw.peer);
    await takeTexts(raw.peer, id, 2);
    void refuse(raw, id).catch(() => {});
    expect(await failure).toMatchObject({ code: Status.UNAVAILABLE });
    closed.resolve();
  });
});

test("the messages that come until a call is told that it was not seen, behind thousands of others, are kept too", async () => {
  await using raw = await openRawEcho();
  const end = new AbortController();
  const others = Array.from({ length: 3000 }, () =>
    failureOf(raw.client.echoUnary({ text: "" }, { signal: end.signal })),
  );
  const said: string[] = [];
  const source = async function* () {
    for (let left = 3; left > 0; await nextTurn()) {
      if (raw.peers.length > 1) left--;
      const text = String(said.length);
      said.push(text);
      yield { text };
    }
  };
  const call = raw.client.echoClientStream(source());
  const id = 2 * others.length + 1;
  await takeTexts(raw.peer, id, 1);
  raw.peer.send(goAway());
  const next = await raw.accepted(1);
  // Calls are told in their order.
  await next.first((each) => each.id === id && endsStream(each));
  expect(textsOf(next, id)).toEqual(said);
  next.send(wholeResponse(next, id));
  await call;
  end.abort();
  await Promise.all(others);
});

test("what is kept is given back: calls one after another have the whole buffer", async () => {
  await using raw = await openRawEcho({ channel: { maxResendBytes: 30 } });
  for (let turn = 0; turn < 5; turn++) {
    const call = raw.client.echoClientStream([{ text: "twenty bytes and more" }] as never);
    // oxlint-disable-next-line no-await-in-loop
    const id = await takeRequest(raw.peer);
    raw.peer.send(wholeResponse(raw.peer, id));
    // oxlint-disable-next-line no-await-in-loop
    await call;
  }
  const call = raw.client.echoClientStream([{ text: "twenty bytes and more" }] as never);
  await takeRequest(raw.peer);
  raw.peer.send(goAway());
  const next = await raw.accepted(1);
  const id = await takeRequest(next);
  expect(textsOf(next, id)).toEqual(["twenty bytes and more"]);
  next.send(wholeResponse(next, id));
  await call;
});

describe("a call that waits for its connection", () => {
  test.each(["identity", "gzip"] as const)(
    "goes out as it was when it was made, with %s",
    async (compression) => {
      await using raw = await openRawEcho();
      // A channel that is not connected.
      const { peer } = raw;
      peer.send(goAway());
      await peer.goAway();
      const message = { text: "as it was" };
      const metadata = Metadata().set("x-turn", "1");
      const foreign = NiceMetadata({ "x-turn": "1" });
      const calls = [metadata, foreign].map((each) =>
        raw.client.echoUnary(message, { metadata: each, compression }),
      );
      message.text = "changed";
      metadata.set("x-turn", "2");
      foreign.set("x-turn", "2");
      const next = await raw.accepted(1);
      for (const call of calls) {
        // oxlint-disable-next-line no-await-in-loop
        const id = await takeRequest(next);
        expect(next.of(id)[0]!.fields["x-turn"]).toBe("1");
        if (compression === "identity") expect(textsOf(next, id)).toEqual(["as it was"]);
        next.send(wholeResponse(next, id));
        // oxlint-disable-next-line no-await-in-loop
        await call;
      }
    },
  );

  test("a message that cannot be encoded fails its call as ever", async () => {
    await using raw = await openRawEcho();
    raw.peer.send(goAway());
    await raw.peer.goAway();
    const message = {
      get text(): string {
        throw new Error("no text");
      },
    };
    // The connection that fails it.
    const failure = await failureOf(raw.client.echoUnary(message, { timeoutMs: 10_000 }));
    expect(failure.code).toBe(Status.INTERNAL);
  });
});
