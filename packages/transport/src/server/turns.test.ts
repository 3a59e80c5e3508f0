import type { Socket } from "node:net";
import { Writable } from "node:stream";
import { expect, test } from "@jest/globals";
import { Output } from "../http2/output.js";
import { countMessage, isTurnOver, MESSAGES_PER_FLUSH, waitForTurn } from "./turns.js";

/** An output, and how many bytes it has given to its socket. */
function counted(): { output: Output; given: () => number } {
  let bytes = 0;
  const socket = new Writable({
    write(chunk: Buffer, _encoding, done) {
      bytes += chunk.length;
      done();
    },
  });
  return { output: new Output(socket as Socket, { size: 1 }), given: () => bytes };
}

function send(output: Output): void {
  output.bytes(Buffer.alloc(1));
  countMessage(output);
}

test("connections send before the turn's end when many messages wait", async () => {
  const [one, other] = [counted(), counted()];
  for (let i = 1; i < MESSAGES_PER_FLUSH; i++) send(i % 2 === 0 ? one.output : other.output);
  expect([one.given(), other.given()]).toEqual([0, 0]);
  send(one.output);
  expect([one.given(), other.given()]).toEqual([MESSAGES_PER_FLUSH / 2, MESSAGES_PER_FLUSH / 2]);
  // And from the beginning again, in this turn and in the next.
  send(one.output);
  expect(one.given()).toBe(MESSAGES_PER_FLUSH / 2);
  await new Promise((resolve) => setImmediate(resolve));
  expect(one.given()).toBe(MESSAGES_PER_FLUSH / 2 + 1);
  for (let i = 1; i < MESSAGES_PER_FLUSH; i++) send(other.output);
  expect(other.given()).toBe(MESSAGES_PER_FLUSH / 2);
});

test("a turn ends, and those who wait for the next one have it in their order", async () => {
  const { output } = counted();
  const order: string[] = [];
  const waiter = (name: string, sends: boolean) => ({
    onTurn() {
      order.push(name);
      if (sends) while (!isTurnOver()) send(output);
    },
  });
  while (!isTurnOver()) send(output);
  waitForTurn(waiter("first", false));
  // One that uses up its turn; the rest wait for another.
  waitForTurn(waiter("second", true));
  waitForTurn(waiter("third", false));
  expect(order).toEqual([]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["first", "second"]);
  await new Promise((resolve) => setImmediate(resolve));
  expect(order).toEqual(["first", "second", "third"]);
  expect(isTurnOver()).toBe(false);
});
