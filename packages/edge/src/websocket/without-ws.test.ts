import { once } from "node:events";
import { request, type IncomingMessage } from "node:http";
import { expect, jest, test } from "@jest/globals";

jest.unstable_mockModule("ws", () => {
  throw new Error("Cannot find package 'ws'");
});

test("without the package ws, a handshake is refused, and a warning says what to install", async () => {
  const { serveEdge } = await import("../testing/serve-edge.js");
  await using served = await serveEdge();
  const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
  try {
    for (let times = 0; times < 2; times++) {
      const headers = {
        connection: "upgrade",
        upgrade: "websocket",
        "sec-websocket-key": Buffer.alloc(16).toString("base64"),
        "sec-websocket-version": "13",
      };
      const sent = request(`${served.url}/v1/talk`, { headers }).end();
      const [response] = (await once(sent, "response")) as [IncomingMessage];
      expect(response.statusCode).toBe(501);
      response.resume();
    }
    expect(warn.mock.calls.map(([text]) => text)).toEqual([expect.stringContaining("npm install ws")]);
  } finally {
    warn.mockRestore();
  }
});
