import { once } from "node:events";
import { beforeEach, expect, test } from "@jest/globals";
import { CLIENT_PREFACE } from "../http2/constants.js";
import { beginRead } from "../http2/read-turn.js";
import { createInProcessSocket } from "./in-process-socket.js";
import { readPreface } from "./preface.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// The turn of reading of the test before is over.
beforeEach(turn);

/** Both ends of a connection whose client's preface is read, and what it is taken for. */
function setUp() {
  const [socket, client] = createInProcessSocket();
  const taken: string[] = [];
  readPreface(
    socket,
    60_000,
    (rest) => void taken.push(`HTTP/2 ${rest.toString()}`),
    (first) => void taken.push(`other ${first.toString()}`),
  );
  return { socket, client, taken };
}

/** Lets the time of this turn be over, as when thousands of connections have come. */
const endTurn = (): void => beginRead(performance.now() - 1000);

test("what begins while the time of a turn is over waits for the next one", async () => {
  const all = Array.from({ length: 20 }, setUp);
  for (const { client } of all) client.write(Buffer.concat([CLIENT_PREFACE, Buffer.from("rest")]));
  // The bytes have come by then, and the next turn of reading has not begun.
  const come = turn();
  const takenAtOnce = come.then(() => all.flatMap(({ taken }) => taken));
  endTurn();
  expect(await takenAtOnce).toEqual([]);
  while (all.some(({ taken }) => taken.length === 0)) await turn();
  expect(all.map(({ taken }) => taken)).toEqual(all.map(() => ["HTTP/2 rest"]));
  for (const { socket } of all) socket.destroy();
});

test.each([
  ["a preface", CLIENT_PREFACE, "HTTP/2 "],
  ["a request of HTTP/1.1", Buffer.from("GET / HTTP"), "other GET / HTTP"],
])(
  "%s that waits is read whole, and the end of its client comes behind it",
  async (_what, bytes, expected) => {
    const { socket, client, taken } = setUp();
    client.write(bytes.subarray(0, 10));
    client.end(bytes.subarray(10));
    endTurn();
    const ended = once(socket, "end");
    while (taken.length === 0) await turn();
    expect(taken).toEqual([expected]);
    socket.resume();
    await ended;
  },
);

test("those that come with much wait behind those with little", async () => {
  const order: string[] = [];
  const open = (name: string, bytes: Buffer) => {
    const [socket, client] = createInProcessSocket();
    const take = (): void => void order.push(name);
    readPreface(socket, 60_000, take, take);
    client.write(bytes);
    return socket;
  };
  const request = Buffer.from("GET / HTTP/1.1\r\nhost: localhost\r\n\r\n");
  const many = Buffer.concat(Array.from({ length: 1000 }, () => request));
  const sockets = [open("much", many), open("little", request), open("HTTP/2", CLIENT_PREFACE)];
  endTurn();
  while (order.length < sockets.length) await turn();
  expect(order).toEqual(["little", "HTTP/2", "much"]);
  for (const socket of sockets) socket.destroy();
});
