import { once } from "node:events";
import { createServer } from "node:http";
import { connect, type AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { setImmediate as turn } from "node:timers/promises";
import { expect, jest, test } from "@jest/globals";
import { send, serveEdge } from "../testing/serve-edge.js";

test("a client that still sends reads its answer before its connection ends", async () => {
  await using served = await serveEdge();
  const socket = connect(served.port, "127.0.0.1").setEncoding("latin1");
  let hasEnded = false;
  socket.on("end", () => (hasEnded = true));
  socket.write(
    "PUT /v1/parts/1 HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\n{}",
  );
  // However long the machine takes, the edge's time stands still.
  const clock = jest.spyOn(performance, "now").mockReturnValue(performance.now());
  try {
    const [answer] = (await once(socket, "data")) as [string];
    expect(answer).toMatch(/^HTTP\/1\.1 415 [^]*\r\nconnection: close\r\n/);
    // More than enough time for an end that does not wait.
    expect((await send(`${served.url}/v1/query`)).status).toBe(200);
    expect(hasEnded).toBe(false);
  } finally {
    clock.mockRestore();
  }
  await once(socket, "close");
});

test("requests that a client sends without waiting are answered in their order", async () => {
  await using served = await serveEdge();
  const socket = connect(served.port, "127.0.0.1").setEncoding("utf8");
  const asked = [
    "GET /v1/query?string_value=a",
    "HEAD /v1/query?string_value=b",
    "GET /v1/query?string_value=%C3%A9",
  ];
  socket.end(asked.map((line) => `${line} HTTP/1.1\r\nhost: x\r\n\r\n`).join(""));
  const answers = (await text(socket)).split("HTTP/1.1 200 OK\r\n").slice(1);
  const bodies = ['{"stringValue":"a"}', '{"stringValue":"b"}', '{"stringValue":"é"}'];
  expect(answers.map((answer) => answer.split("\r\n\r\n")[1])).toEqual(
    bodies.map((body, index) => (index === 1 ? "" : body)),
  );
  for (const [index, body] of bodies.entries())
    expect(answers[index]).toContain(`\r\ncontent-length: ${Buffer.byteLength(body)}\r\n`);
});

test("a body is read whole, whether it comes with its head, in two parts or behind another one", async () => {
  await using served = await serveEdge();
  const socket = connect(served.port, "127.0.0.1").setEncoding("latin1").setNoDelay();
  const head = (fields: string) =>
    `POST /v1/query HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n${fields}\r\n\r\n`;
  const body = (value: string) => JSON.stringify({ stringValue: value });
  const answerTo = async (...parts: string[]) => {
    const answer = once(socket, "data");
    for (const part of parts) {
      await new Promise((resolve) => socket.write(part, resolve));
      // The server reads in these turns of the event loop.
      for (let turns = 0; turns < 3; turns++) await turn();
    }
    return ((await answer) as [string])[0].split("\r\n\r\n")[1];
  };
  const withLength = (value: string) => head(`content-length: ${body(value).length}`);
  expect(await answerTo(withLength("a") + body("a"))).toBe(body("a"));
  expect(await answerTo(withLength("b") + body("b").slice(0, 5), body("b").slice(5))).toBe(body("b"));
  const chunks = `5\r\n${body("c").slice(0, 5)}\r\n${(body("c").length - 5).toString(16)}\r\n${body("c").slice(5)}\r\n0\r\n\r\n`;
  expect(await answerTo(head("transfer-encoding: chunked") + chunks)).toBe(body("c"));
  socket.end(withLength("d") + body("d") + withLength("e") + body("e"));
  const answers = await text(socket);
  expect(answers.match(/\{.*?\}/g)).toEqual([body("d"), body("e")]);
});

test("an answer is written when it is there, and not at the end of the tick", async () => {
  await using served = await serveEdge();
  let waiting: number | undefined;
  const http = createServer((request, response) => {
    served.edge.handler(request, response);
    waiting = response.writableLength;
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  expect((await send(`http://127.0.0.1:${port}/nothing`)).status).toBe(404);
  expect(waiting).toBe(0);
  http.close();
  http.closeAllConnections();
});

test("a stream goes through what a middleware has put around the answer", async () => {
  await using served = await serveEdge();
  const http = createServer((request, response) => {
    const write = response.write.bind(response) as (part: unknown) => boolean;
    response.write = (part: unknown) => write(`${String(part)}\n`);
    served.edge.handler(request, response);
  }).listen(0, "127.0.0.1");
  await once(http, "listening");
  const { port } = http.address() as AddressInfo;
  const plain = { "accept-encoding": "identity" };
  const answer = await send(`http://127.0.0.1:${port}/v1/numbers?count=2`, { headers: plain });
  http.close();
  http.closeAllConnections();
  expect(answer.text).toBe('{"number":1,"resumeToken":"1"}\n\n{"number":2,"resumeToken":"2"}\n\n');
});

test.each([
  ["requests", "GET /v1/numbers?padding=1 HTTP/1.1\r\nhost: x\r\n\r\n"],
  [
    "WebSockets",
    `GET /v1/numbers?padding=1 HTTP/1.1\r\nhost: x\r\nconnection: upgrade\r\nupgrade: websocket\r\nsec-websocket-version: 13\r\nsec-websocket-key: ${"A".repeat(22)}==\r\n\r\n`,
  ],
])(
  "of many %s whose clients go together, a few are told in each turn of the event loop",
  async (_what, head) => {
    const MANY = 40;
    const told = new Set<AbortSignal>();
    let begun = 0;
    await using served = await serveEdge({
      middleware: [
        async function* slowEnd(call, { signal, ...context }) {
          signal.addEventListener("abort", () => {
            told.add(signal);
            // Takes a millisecond.
            const until = performance.now() + 1;
            while (performance.now() < until);
          });
          begun++;
          return yield* call.next(call.request, { signal, ...context });
        },
      ],
    });
    const sockets = Array.from({ length: MANY }, () =>
      connect(served.port, "127.0.0.1").on("error", () => {}),
    );
    await Promise.all(
      sockets.map((socket) => {
        socket.write(head);
        return once(socket, "data");
      }),
    );
    await turn();
    expect(begun).toBe(MANY);
    for (const socket of sockets) socket.resetAndDestroy();
    let most = 0;
    for (let before = 0; told.size < MANY; before = told.size) {
      await turn();
      most = Math.max(most, told.size - before);
    }
    expect(most).toBeLessThan(MANY / 2);
  },
);
