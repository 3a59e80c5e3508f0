import { once } from "node:events";
import { connect } from "node:net";
import { expect, test } from "@jest/globals";
import { send, serveEdge } from "../testing/serve-edge.js";

test("a client that still sends reads its answer before its connection ends", async () => {
  await using served = await serveEdge();
  const socket = connect(served.port, "127.0.0.1").setEncoding("latin1");
  let hasEnded = false;
  socket.on("end", () => (hasEnded = true));
  socket.write(
    "PUT /v1/parts/1 HTTP/1.1\r\nhost: x\r\ncontent-type: text/plain\r\ncontent-length: 9\r\n\r\n{}",
  );
  const [answer] = (await once(socket, "data")) as [string];
  expect(answer).toMatch(/^HTTP\/1\.1 415 [^]*\r\nconnection: close\r\n/);
  // More than enough time for an end that does not wait.
  expect((await send(`${served.url}/v1/query`)).status).toBe(200);
  expect(hasEnded).toBe(false);
  // The end that the client makes itself need not be waited for.
  socket.end();
  await once(socket, "close");
});
