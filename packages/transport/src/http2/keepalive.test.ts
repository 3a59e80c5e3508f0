import { expect, test } from "@jest/globals";
import { Keepalive, isKeepaliveAnswer } from "./keepalive.js";

/** A connection that was read from at 1,000, with 100 ms of silence before a PING and 30 ms after it. */
function silent(timeMs = 100, timeoutMs = 30) {
  const events: string[] = [];
  const connection = {
    lastReadAt: 1000,
    sender: {
      ping: (payload: Uint8Array, ack: boolean) => void events.push(`ping ${payload.length} ${ack}`),
    },
    destroy: (_code: number, message: string) => void events.push(message),
  };
  return { connection, events, keepalive: new Keepalive(connection, { timeMs, timeoutMs }) };
}

const PING = "ping 8 false";

test("a peer that is not silent is not asked", () => {
  const { connection, events, keepalive } = silent();
  expect(keepalive.check(1000)).toBe(1100);
  connection.lastReadAt = 1099;
  expect(keepalive.check(1100)).toBe(1199);
  expect(events).toEqual([]);
});

test("silence is followed by a PING, and an answer by the next one in time", () => {
  const { connection, events, keepalive } = silent();
  expect(keepalive.check(1100)).toBe(1130);
  expect(keepalive.isWaiting).toBe(true);
  connection.lastReadAt = 1110;
  expect(keepalive.check(1130)).toBe(1210);
  expect(keepalive.isWaiting).toBe(false);
  expect(keepalive.check(1210)).toBe(1240);
  expect(events).toEqual([PING, PING]);
});

test("silence after the PING ends the connection", () => {
  const { events, keepalive } = silent();
  keepalive.check(1150);
  expect(keepalive.check(1179)).toBe(1180);
  expect(events).toEqual([PING]);
  expect(keepalive.check(1180)).toBe(Infinity);
  expect(events).toEqual([PING, "no answer to a keepalive PING within 30 ms"]);
});

test("a long timeout does not hold up the next PING", () => {
  const { connection, events, keepalive } = silent(100, Infinity);
  expect(keepalive.check(1100)).toBe(1200);
  expect(keepalive.check(1200)).toBe(1300);
  connection.lastReadAt = 1201;
  expect(keepalive.check(1300)).toBe(1301);
  expect(keepalive.check(1301)).toBe(1401);
  expect(events).toEqual([PING, PING]);
});

test("without a time there is no PING", () => {
  const { events, keepalive } = silent(Infinity);
  expect(keepalive.check(1e9)).toBe(Infinity);
  expect(events).toEqual([]);
});

test("its answers are known by what they carry", () => {
  expect(isKeepaliveAnswer(Buffer.from("cw-alive"))).toBe(true);
  expect(isKeepaliveAnswer(Buffer.from("cw-drain"))).toBe(false);
});
