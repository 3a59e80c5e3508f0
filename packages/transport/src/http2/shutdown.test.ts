import { describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import {
  echoMessage,
  expectGoAway,
  goodCall,
  openCall,
  outcome,
  requestFields,
  sendCall,
  startRawServer,
} from "../testing/raw-calls.js";
import { RawPeer, settings } from "../testing/raw-peer.js";
import {
  CLIENT_PREFACE,
  FLAG_ACK,
  FLAG_END_STREAM,
  FRAME_DATA,
  FRAME_GOAWAY,
  FRAME_PING,
} from "./constants.js";
import { ErrorCode } from "./errors.js";

/** The last stream that each GOAWAY names. */
function lastStreams(peer: RawPeer): number[] {
  return peer.received
    .filter(({ type }) => type === FRAME_GOAWAY)
    .map(({ payload }) => payload.readUInt32BE(0));
}

describe("6.8 GOAWAY in two steps", () => {
  test("calls that run end; those that come before the client knows are served; later ones are refused", async () => {
    await using served = await startRawServer();
    using peer = await RawPeer.open(served.port);
    const running = openCall(peer);
    await peer.settled();
    const drained = served.server.drain(10_000);
    const ping = await peer.first(({ type, flags }) => type === FRAME_PING && (flags & FLAG_ACK) === 0);
    expect(lastStreams(peer)).toEqual([0x7fff_ffff]);
    await goodCall(peer);
    peer.send(frame(FRAME_PING, FLAG_ACK, 0, ping.payload));
    await peer.first(() => lastStreams(peer).length === 2);
    expect(lastStreams(peer)[1]).toBe(3);
    expect(await peer.reset(sendCall(peer))).toBe(ErrorCode.REFUSED_STREAM);
    peer.send(frame(FRAME_DATA, FLAG_END_STREAM, running, echoMessage("last words")));
    expect((await outcome(peer, running)).fields["grpc-status"]).toBe("0");
    expect(await drained).toEqual({ forced: false, cutOff: [] });
    await expectGoAway(peer, ErrorCode.NO_ERROR);
  });
  test("a client that does not answer the PING holds it up for so long and no longer", async () => {
    await using served = await startRawServer({ http2: { handshakeTimeoutMs: 400 } });
    using peer = await RawPeer.open(served.port);
    await goodCall(peer);
    expect(await served.server.drain(10_000)).toEqual({ forced: false, cutOff: [] });
    await expectGoAway(peer, ErrorCode.NO_ERROR);
  });
  test("what the client has not read yet is not cut off", async () => {
    await using served = await startRawServer();
    using peer = await RawPeer.open(served.port);
    peer.send(settings([4, 0x7fff_ffff]), peer.grant(0x7fff_0000));
    const text = "x".repeat(2_000_000);
    const id = openCall(peer);
    const message = echoMessage(text);
    for (let at = 0; at < message.length; at += 16_384) {
      peer.send(
        frame(
          FRAME_DATA,
          at + 16_384 >= message.length ? FLAG_END_STREAM : 0,
          id,
          message.subarray(at, at + 16_384),
        ),
      );
    }
    await peer.first((each) => each.id === id && each.type === FRAME_DATA);
    peer.socket.pause();
    const drained = served.server.drain(10_000);
    peer.socket.resume();
    const ping = await peer.first(({ type, flags }) => type === FRAME_PING && (flags & FLAG_ACK) === 0);
    peer.send(frame(FRAME_PING, FLAG_ACK, 0, ping.payload));
    await outcome(peer, id);
    expect(peer.dataOf(id)).toBe(message.length);
    expect((await drained).forced).toBe(false);
  });
  test("what still runs at the limit is reset and named", async () => {
    await using served = await startRawServer();
    using peer = await RawPeer.open(served.port);
    const id = openCall(peer);
    await peer.settled();
    const { forced, cutOff } = await served.server.drain(10);
    expect({ forced, cutOff }).toEqual({
      forced: true,
      cutOff: [requestFields()[":path"]!.replace("Unary", "BidiStream")],
    });
    expect(await peer.reset(id)).toBe(ErrorCode.CANCEL);
    expect(served.server.stats.connectionsOpen).toBe(0);
  });
  test("a connection that has only begun is ended too", async () => {
    await using served = await startRawServer({ http2: { handshakeTimeoutMs: 50 } });
    using peer = await RawPeer.connect(served.port);
    peer.acknowledges = false;
    peer.send(CLIENT_PREFACE.subarray(0, 5));
    expect(await peer.goAway()).toBe("closed");
    expect(await served.server.drain(10_000)).toEqual({ forced: false, cutOff: [] });
  });
});
