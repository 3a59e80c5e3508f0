import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import { Status } from "nice-grpc-common";
import { FRAME_DATA, FRAME_GOAWAY } from "../http2/constants.js";
import { ErrorCode } from "../http2/errors.js";
import { echoMessage } from "../testing/raw-calls.js";
import { uint32 } from "../testing/raw-peer.js";
import {
  expectConnectionError,
  goodEcho,
  openRawEcho,
  openRequest,
  responseHeaders,
  takeCall,
  takeRequest,
  wholeResponse,
} from "../testing/raw-server-peer.js";
import { collect, failureOf } from "../testing/outcomes.js";

const { NO_ERROR, PROTOCOL_ERROR, FRAME_SIZE_ERROR, INTERNAL_ERROR } = ErrorCode;

function goAway(lastStreamId: number, code: number = NO_ERROR, debugData = ""): Buffer {
  return frame(FRAME_GOAWAY, 0, 0, Buffer.concat([uint32(lastStreamId, code), Buffer.from(debugData)]));
}

describe("6.8 GOAWAY", () => {
  test.each([
    ["on a stream", frame(FRAME_GOAWAY, 0, 1, uint32(0, 0)), PROTOCOL_ERROR],
    ["of 7 bytes", frame(FRAME_GOAWAY, 0, 0, Buffer.alloc(7)), FRAME_SIZE_ERROR],
    ["without a payload", frame(FRAME_GOAWAY, 0, 0), FRAME_SIZE_ERROR],
  ])("%s", (_, bytes, code) => expectConnectionError(code, bytes));

  test("what is not over the last stream goes on; what is over it is sent again elsewhere", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const calls = ["a", "b", "c"].map((text) => raw.client.echoUnary({ text }));
    const first = await takeRequest(peer);
    await takeRequest(peer);
    await takeRequest(peer);
    peer.send(goAway(first));
    const next = await raw.accepted(1);
    for (const text of ["second", "third"]) next.send(wholeResponse(next, await takeRequest(next), text));
    expect(await Promise.all(calls.slice(1))).toEqual([{ text: "second" }, { text: "third" }]);
    peer.send(wholeResponse(peer, first, "first"));
    expect(await calls[0]).toEqual({ text: "first" });
    // Nothing is left to wait for.
    expect(await peer.goAway()).toBe(NO_ERROR);
    await goodEcho(raw, next);
    expect(raw.peers).toHaveLength(2);
  });

  test("a request of which messages are gone cannot be sent again: UNAVAILABLE", async () => {
    await using raw = await openRawEcho({ channel: { maxResendBytesPerCall: 1 } });
    const { peer } = raw;
    const upload = failureOf(raw.client.echoClientStream(openRequest("a")));
    const dialogue = failureOf(collect(raw.client.echoBidiStream(openRequest("b"))));
    await takeCall(peer);
    await takeCall(peer);
    peer.send(goAway(0));
    for (const failure of [upload, dialogue]) {
      const { code, details } = await failure;
      expect([code, details]).toEqual([Status.UNAVAILABLE, "the server sent GOAWAY with NO_ERROR"]);
    }
    expect(await peer.goAway()).toBe(NO_ERROR);
  });

  test("a request is sent again once, and not a second time", async () => {
    await using raw = await openRawEcho();
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    for (let index = 0; index < 2; index++) {
      const peer = await raw.accepted(index);
      await takeRequest(peer);
      peer.send(goAway(0));
    }
    expect((await failure).code).toBe(Status.UNAVAILABLE);
    expect(raw.peers).toHaveLength(2);
  });

  test("a call whose response has begun is not sent again, whatever the server says", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const answers = raw.client.echoServerStream({ text: "a", count: 2 })[Symbol.asyncIterator]();
    const first = answers.next();
    const id = await takeRequest(peer);
    peer.send(responseHeaders(peer, id), frame(FRAME_DATA, 0, id, echoMessage("begun")));
    expect(await first).toMatchObject({ value: { text: "begun" } });
    const failure = failureOf(answers.next());
    peer.send(goAway(0));
    expect((await failure).code).toBe(Status.UNAVAILABLE);
  });

  test("in two steps, as a server shuts down gracefully", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const calls = ["a", "b"].map((text) => raw.client.echoUnary({ text }));
    const ids = [await takeRequest(peer), await takeRequest(peer)];
    peer.send(goAway(0x7fff_ffff));
    await peer.settled();
    // All that was sent is still taken; what is new goes elsewhere.
    const late = raw.client.echoUnary({ text: "late" });
    const next = await raw.accepted(1);
    next.send(wholeResponse(next, await takeRequest(next), "elsewhere"));
    expect(await late).toEqual({ text: "elsewhere" });
    peer.send(goAway(ids[1]!));
    for (const id of ids) peer.send(wholeResponse(peer, id));
    expect(await Promise.all(calls)).toEqual([{ text: "answer" }, { text: "answer" }]);
    expect(await peer.goAway()).toBe(NO_ERROR);
    expect(peer.of(peer.nextId)).toEqual([]);
  });

  test("the reserved bit of the last stream's id does not count", async () => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const calls = ["a", "b"].map((text) => raw.client.echoUnary({ text }));
    const first = await takeRequest(peer);
    await takeRequest(peer);
    peer.send(goAway(0x8000_0000 + first), wholeResponse(peer, first));
    const next = await raw.accepted(1);
    next.send(wholeResponse(next, await takeRequest(next), "elsewhere"));
    expect(await Promise.all(calls)).toEqual([{ text: "answer" }, { text: "elsewhere" }]);
  });

  test("on a connection without calls closes it; the next call connects again", async () => {
    await using raw = await openRawEcho();
    raw.peer.send(goAway(0));
    expect(await raw.peer.goAway()).toBe(NO_ERROR);
    const call = raw.client.echoUnary({ text: "a" });
    const next = await raw.accepted(1);
    next.send(wholeResponse(next, await takeRequest(next)));
    expect(await call).toEqual({ text: "answer" });
  });

  test.each([
    ["of an error", INTERNAL_ERROR, "INTERNAL_ERROR"],
    ["that nobody knows (7)", 0xff00_00ff, "0xff0000ff"],
  ])("with a code %s: what the server has seen ends with it, when it closes", async (_, code, name) => {
    await using raw = await openRawEcho();
    const { peer } = raw;
    const failure = failureOf(raw.client.echoUnary({ text: "a" }));
    const id = await takeRequest(peer);
    peer.send(goAway(id, code, "why"));
    peer.socket.end();
    const error = await failure;
    expect(error.code).toBe(Status.UNAVAILABLE);
    expect(error.details).toContain(`${name}: why`);
    expect(raw.peers).toHaveLength(1);
  });
});
