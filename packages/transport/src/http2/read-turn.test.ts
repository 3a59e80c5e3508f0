import { setImmediate as nextTurn } from "node:timers/promises";
import { afterEach, expect, jest, test } from "@jest/globals";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { createServer } from "../server/create-server.js";
import { literals } from "../testing/raw-peer.js";
import {
  CLIENT_PREFACE,
  FLAG_END_HEADERS,
  FLAG_END_STREAM,
  FRAME_HEADERS,
  FRAME_SETTINGS,
} from "./constants.js";
import { FRAMES_PER_LOOK, readLater } from "./read-turn.js";

const CONNECTIONS = 10;
/** In less than 1 KiB. */
const CALLS = 6;

const block = literals([
  [":method", "POST"],
  [":scheme", "http"],
  [":path", "/callwire.echo.v1.EchoService/EchoUnary"],
  [":authority", "x"],
  ["te", "trailers"],
  ["content-type", "application/grpc"],
]);

afterEach(() => {
  jest.restoreAllMocks();
});

test("connections share a turn of the event loop, however little each of them sends", async () => {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const sockets = Array.from({ length: CONNECTIONS }, () => server.connectInProcess().resume());
  for (const socket of sockets) socket.write(Buffer.concat([CLIENT_PREFACE, frame(FRAME_SETTINGS, 0, 0)]));
  for (let turn = 0; turn < 10; turn++) await nextTurn();

  let now = performance.now();
  jest.spyOn(performance, "now").mockImplementation(() => (now += 20));
  const calls = Array.from({ length: CALLS }, (_, index) =>
    frame(FRAME_HEADERS, FLAG_END_HEADERS | FLAG_END_STREAM, 2 * index + 1, block),
  );
  for (const socket of sockets) socket.write(Buffer.concat(calls));
  const { stats } = server;
  let longest = 0;
  while (stats.callsStarted < CONNECTIONS * CALLS) {
    const before = stats.callsStarted;
    await nextTurn();
    longest = Math.max(longest, stats.callsStarted - before);
  }
  // Some of one connection that has little, and some of one that has much.
  expect(longest).toBeLessThanOrEqual(2 * FRAMES_PER_LOOK);
  server.forceShutdown();
});

test("those with little to read go before those with much", async () => {
  const order: string[] = [];
  jest.spyOn(performance, "now").mockReturnValue(performance.now());
  readLater(() => order.push("much"));
  for (const name of ["a little", "another"]) readLater(() => order.push(name), true);
  for (let turn = 0; turn < 3; turn++) await nextTurn();
  expect(order).toEqual(["a little", "another", "much"]);
});

test("one of those with much goes on in each turn, though there is always one with little", async () => {
  const order: string[] = [];
  let now = performance.now();
  jest.spyOn(performance, "now").mockImplementation(() => (now += 20));
  const little = (): void => {
    order.push("little");
    if (order.length < 100) readLater(little, true);
  };
  readLater(little, true);
  for (let index = 0; index < 3; index++) readLater(() => order.push("much"));
  while (order.length < 100) await nextTurn();
  expect(order.slice(0, 6)).toEqual(["little", "much", "little", "much", "little", "much"]);
});
