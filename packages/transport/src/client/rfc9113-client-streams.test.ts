import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import {
  FLAG_END_HEADERS,
  FRAME_CONTINUATION,
  FRAME_DATA,
  FRAME_PRIORITY,
  FRAME_PUSH_PROMISE,
  FRAME_RST_STREAM,
  FRAME_WINDOW_UPDATE,
} from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { echoMessage, expectGoAway, outcome } from "../testing/raw-calls.js";
import { uint32, type RawPeer } from "../testing/raw-peer.js";
import {
  goodEcho,
  okTrailers,
  openRawEcho,
  openRequest,
  responseHeaders,
  takeCall,
  takeRequest,
  wholeResponse,
  type RawEcho,
} from "../testing/raw-server-peer.js";
import { deferred, failureOf } from "../testing/outcomes.js";

const { NO_ERROR, PROTOCOL_ERROR, REFUSED_STREAM, CANCEL } = ErrorCode;

const frames: Record<string, (peer: RawPeer, id: number) => Buffer> = {
  DATA: (_, id) => frame(FRAME_DATA, 0, id, echoMessage("late")),
  HEADERS: responseHeaders,
  "HEADERS that end the stream": okTrailers,
  PRIORITY: (_, id) => frame(FRAME_PRIORITY, 0, id, Buffer.of(0, 0, 0, 0, 15)),
  RST_STREAM: (_, id) => frame(FRAME_RST_STREAM, 0, id, uint32(CANCEL)),
  WINDOW_UPDATE: (_, id) => frame(FRAME_WINDOW_UPDATE, 0, id, uint32(100)),
  PUSH_PROMISE: (_, id) => frame(FRAME_PUSH_PROMISE, FLAG_END_HEADERS, id, uint32(2)),
  CONTINUATION: (_, id) => frame(FRAME_CONTINUATION, FLAG_END_HEADERS, id),
};

/** What brings a stream of the client's into a state; returns its id. */
const states: Record<string, (raw: RawEcho) => number | Promise<number>> = {
  idle: ({ peer }) => peer.nextId,
  "idle, and the server's to open": () => 2,
  "closed by END_STREAM": async (raw) => {
    const id = raw.peer.nextId;
    await goodEcho(raw, raw.peer);
    return id;
  },
  "closed by the server's RST_STREAM": async ({ client, peer }) => {
    const failure = failureOf(client.echoUnary({ text: "a" }));
    const id = await takeRequest(peer);
    peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(CANCEL)));
    await failure;
    return id;
  },
  "closed by our RST_STREAM": async ({ client, peer }) => {
    const cancel = new AbortController();
    const failure = failureOf(client.echoClientStream(openRequest("a"), { signal: cancel.signal }));
    const id = await takeCall(peer);
    cancel.abort();
    await failure;
    expect(await peer.reset(id)).toBe(CANCEL);
    return id;
  },
  "closed by our RST_STREAM, the response being whole": async ({ client, peer }) => {
    const call = client.echoClientStream(openRequest("a"));
    const id = await takeCall(peer);
    peer.send(wholeResponse(peer, id));
    await call;
    expect(await peer.reset(id)).toBe(NO_ERROR);
    return id;
  },
};

type Expected = { goAway: number } | "ignored";
const connection = (code: number): Expected => ({ goAway: code });

const neverOpened: Record<string, Expected> = {
  DATA: connection(PROTOCOL_ERROR),
  HEADERS: connection(PROTOCOL_ERROR),
  "HEADERS that end the stream": connection(PROTOCOL_ERROR),
  PRIORITY: "ignored",
  RST_STREAM: connection(PROTOCOL_ERROR),
  WINDOW_UPDATE: connection(PROTOCOL_ERROR),
  PUSH_PROMISE: connection(PROTOCOL_ERROR),
  CONTINUATION: connection(PROTOCOL_ERROR),
};
// Late frames are passed over: C++ servers end a call twice when its deadline has passed.
const closed: Record<string, Expected> = {
  DATA: "ignored",
  HEADERS: "ignored",
  "HEADERS that end the stream": "ignored",
  PRIORITY: "ignored",
  RST_STREAM: "ignored",
  WINDOW_UPDATE: "ignored",
  PUSH_PROMISE: connection(PROTOCOL_ERROR),
  CONTINUATION: connection(PROTOCOL_ERROR),
};
const expectations: Record<string, Record<string, Expected>> = {
  idle: neverOpened,
  "idle, and the server's to open": neverOpened,
  "closed by END_STREAM": closed,
  "closed by the server's RST_STREAM": closed,
  "closed by our RST_STREAM": closed,
  "closed by our RST_STREAM, the response being whole": closed,
};

describe.each(Object.entries(expectations))("5.1 a stream that is %s", (state, byType) => {
  test.each(Object.entries(byType))("%s", async (type, expected) => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    // A call that runs meanwhile.
    const other = raw.client.echoUnary({ text: "other" });
    const otherId = await takeRequest(peer);
    const id = await states[state]!(raw);
    await peer.settled();
    const before = peer.received.length;
    peer.send(frames[type]!(peer, id));
    if (expected !== "ignored") {
      const failure = failureOf(other);
      await expectGoAway(peer, expected.goAway);
      expect((await failure).code).toBe(Status.UNAVAILABLE);
      return;
    }
    await peer.settled();
    const answers = peer.received.slice(before).filter((each) => each.id === id);
    expect(answers).toEqual([]);
    peer.send(wholeResponse(peer, otherId, "undisturbed"));
    expect(await other).toEqual({ text: "undisturbed" });
    // The server's table and the client's still agree.
    await goodEcho(raw, peer);
  });
});

describe("5.1 a stream that is open, or half-closed (local)", () => {
  test.each([
    ["open", true],
    ["half-closed (local)", false],
  ])("%s: the server's RST_STREAM ends the call, and nothing is sent on it any more", async (_, isOpen) => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const failure = failureOf(
      isOpen ? raw.client.echoClientStream(openRequest("a")) : raw.client.echoUnary({ text: "a" }),
    );
    const id = await (isOpen ? takeCall(peer) : takeRequest(peer));
    await peer.settled();
    const before = peer.of(id).length;
    peer.send(frame(FRAME_RST_STREAM, 0, id, uint32(0xdead_beef)));
    const { code, details } = await failure;
    expect([code, details]).toEqual([Status.INTERNAL, "the peer reset the stream: 0xdeadbeef"]);
    await goodEcho(raw, peer);
    await peer.settled();
    expect(peer.of(id)).toHaveLength(before);
  });

  test("a response in the middle of the request: both directions go on", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const goOn = deferred();
    const requests = (async function* () {
      yield { text: "one" };
      await goOn.promise;
      yield { text: "two" };
    })();
    const answers = raw.client.echoBidiStream(requests)[Symbol.asyncIterator]();
    const first = answers.next();
    const id = await takeCall(peer);
    peer.send(responseHeaders(peer, id), frames.DATA!(peer, id));
    expect(await first).toMatchObject({ value: { text: "late" } });
    goOn.resolve();
    await outcome(peer, id);
    peer.send(frames.DATA!(peer, id), okTrailers(peer, id));
    expect(await answers.next()).toMatchObject({ value: { text: "late" } });
    expect(await answers.next()).toMatchObject({ done: true });
    await goodEcho(raw, peer);
  });

  test("REFUSED_STREAM: nothing was processed, and the call is sent again on a stream of its own", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const call = raw.client.echoUnary({ text: "a" });
    const refused = await takeRequest(peer);
    peer.send(frame(FRAME_RST_STREAM, 0, refused, uint32(REFUSED_STREAM)));
    const id = await takeRequest(peer);
    expect(id).toBe(refused + 2);
    peer.send(wholeResponse(peer, id));
    expect(await call).toEqual({ text: "answer" });
    expect(raw.peers).toHaveLength(1);
  });
});
