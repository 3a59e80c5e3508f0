import type { Socket } from "node:net";
import { expect, test } from "@jest/globals";
import { SlowSocket } from "../testing/slow-socket.js";
import { Output } from "./output.js";

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

function write(output: Output, size: number, fill: number): void {
  output.bytes(Buffer.alloc(size, fill));
}

test("one write for each turn, if it is little", async () => {
  const socket = new SlowSocket();
  const output = new Output(socket as unknown as Socket, { size: 12 });
  write(output, 10, 1);
  write(output, 10, 2);
  expect(output.queued).toBe(20);
  await turn();
  expect(socket.taken).toEqual([Buffer.concat([Buffer.alloc(10, 1), Buffer.alloc(10, 2)])]);
  expect(output.queued).toBe(0);
});

test("what is much goes out before the turn ends: one segment, then twice as much each time", async () => {
  const socket = new SlowSocket();
  const output = new Output(socket as unknown as Socket, { size: 12 });
  for (let index = 0; index < 40; index++) write(output, 365, index);
  expect(socket.taken.map(({ length }) => length)).toEqual([1460, 2920, 5840]);
  await turn();
  // The next turn begins with a quarter, and the one after it anew.
  for (let index = 40; index < 49; index++) write(output, 365, index);
  expect(socket.taken.map(({ length }) => length)).toEqual([1460, 2920, 5840, 4380, 2920]);
  await turn();
  for (let index = 49; index < 54; index++) write(output, 365, index);
  expect(socket.taken.map(({ length }) => length)).toEqual([1460, 2920, 5840, 4380, 2920, 365, 1460]);
  await turn();
  const all = Array.from({ length: 54 }, (_, index) => Buffer.alloc(365, index));
  expect(Buffer.concat(socket.taken)).toEqual(Buffer.concat(all));
});

test("while few streams are open, what is not much waits for the turn's end", async () => {
  const socket = new SlowSocket();
  const streams = { size: 11 };
  const output = new Output(socket as unknown as Socket, streams);
  for (let index = 0; index < 12; index++) write(output, 365, index);
  await turn();
  expect(socket.taken.map(({ length }) => length)).toEqual([12 * 365]);
  for (let index = 0; index < 17; index++) write(output, 365, index);
  await turn();
  // Four segments are much.
  expect(socket.taken.map(({ length }) => length)).toEqual([12 * 365, 16 * 365, 365]);
});

test("a peer that does not take what it has is not given more before the turn ends", async () => {
  const socket = new SlowSocket();
  const output = new Output(socket as unknown as Socket, { size: 12 });
  socket.full = true;
  write(output, 100, 0);
  output.flush();
  for (let index = 0; index < 40; index++) write(output, 365, index);
  expect(output.queued).toBe(100 + 40 * 365);
  expect(socket.writableLength).toBe(100);
  socket.release();
  await turn();
  expect(socket.taken.map(({ length }) => length)).toEqual([100, 40 * 365]);
});

test("a buffer that a write still reads from is not written into", async () => {
  const socket = new SlowSocket();
  const outputs = Array.from({ length: 4 }, () => new Output(socket as unknown as Socket, { size: 12 }));
  const output = outputs[0]!;
  // The first write is through at once, but is told so later; the second, of the same buffer, has to wait.
  write(output, 1000, 1);
  output.flush();
  socket.full = true;
  write(output, 1000, 2);
  output.flush();
  await turn();
  for (const each of outputs) write(each, 2000, 9);
  socket.release();
  await turn();
  expect(socket.taken[0]).toEqual(Buffer.alloc(1000, 1));
  expect(socket.taken[1]).toEqual(Buffer.alloc(1000, 2));
});

test("large bytes are not copied, and keep their place", async () => {
  const socket = new SlowSocket();
  const output = new Output(socket as unknown as Socket, { size: 12 });
  write(output, 10, 1);
  write(output, 100_000, 2);
  write(output, 10, 3);
  await turn();
  const all = Buffer.concat(socket.taken);
  expect(all).toEqual(Buffer.concat([Buffer.alloc(10, 1), Buffer.alloc(100_000, 2), Buffer.alloc(10, 3)]));
});

test("after its end nothing is sent", async () => {
  const socket = new SlowSocket();
  const output = new Output(socket as unknown as Socket, { size: 12 });
  write(output, 10, 1);
  output.close();
  write(output, 10, 2);
  await turn();
  expect(socket.taken).toEqual([]);
});

test("connections do not write into each other's memory, whatever each has to send", async () => {
  const sockets = Array.from({ length: 20 }, () => new SlowSocket());
  const outputs = sockets.map((socket) => new Output(socket as unknown as Socket, { size: 12 }));
  const sent = sockets.map((): Buffer[] => []);
  // Around the sizes of the buffers; the sockets take what they have at different times.
  const sizes = [10, 1000, 4000, 9000, 16_000, 70_000, 5, 3000];
  for (let round = 0; round < 40; round++) {
    for (const [index, output] of outputs.entries()) {
      const bytes = Buffer.alloc(sizes[(round + index * 3) % sizes.length]!, (index * 40 + round) % 251);
      output.bytes(bytes);
      sent[index]!.push(bytes);
      if ((round + index) % 5 === 0) sockets[index]!.full = true;
      else if ((round + index) % 5 === 3) sockets[index]!.release();
    }
    if (round % 4 === 3) await turn();
  }
  for (const socket of sockets) socket.release();
  await turn();
  for (const [index, socket] of sockets.entries()) {
    expect(Buffer.concat(socket.taken).equals(Buffer.concat(sent[index]!))).toBe(true);
  }
});
