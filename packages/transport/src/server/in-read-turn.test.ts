import { once } from "node:events";
import { beforeEach, expect, test } from "@jest/globals";
import { beginRead } from "../http2/read-turn.js";
import { createInProcessSocket } from "./in-process-socket.js";
import { inReadTurn } from "./in-read-turn.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

// The turn of reading of the test before is over.
beforeEach(turn);

/** Both ends of a connection, and whether its turn has come. */
function setUp(takesMs = 0) {
  const [socket, client] = createInProcessSocket();
  const seen = { turns: 0 };
  inReadTurn(socket, () => {
    seen.turns++;
    const until = performance.now() + takesMs;
    while (performance.now() < until);
  });
  return { socket, client, seen };
}

test("what takes long for each of many connections takes several turns of the event loop", async () => {
  const all = Array.from({ length: 20 }, () => setUp(2));
  for (const { client } of all) client.write("hello");
  const done = (): number => all.reduce((sum, { seen }) => sum + seen.turns, 0);
  let most = 0;
  for (let before = 0; done() < all.length; before = done()) {
    await turn();
    most = Math.max(most, done() - before);
  }
  expect(most).toBeLessThan(all.length);
  for (const { socket } of all) socket.destroy();
});

test("what was sent is still in the socket when the turn comes, and its end behind it", async () => {
  const { socket, client, seen } = setUp();
  client.end("hello");
  beginRead(performance.now() - 1000);
  while (seen.turns === 0) await turn();
  const ended = once(socket, "end");
  expect(String(socket.read())).toBe("hello");
  socket.resume();
  await ended;
  expect(seen.turns).toBe(1);
});

test("a connection that ends, or is closed, has no turn", async () => {
  const [ended, closed] = [setUp(), setUp()];
  ended.client.end();
  closed.client.write("hello");
  setImmediate(() => closed.socket.destroy());
  beginRead(performance.now() - 1000);
  while (!ended.socket.closed || !closed.socket.closed) await turn();
  await turn();
  expect([ended.seen.turns, closed.seen.turns]).toEqual([0, 0]);
});
