import { createServer, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { expect, test } from "@jest/globals";
import { consulResolver } from "../../examples/consul-resolver.js";
import { createChannel } from "./channel.js";
import { echoClient } from "../testing/echo-client.js";
import { answer, startHttp2 } from "../testing/http2-peer.js";
import { deferred, failureOf } from "../testing/outcomes.js";

/** Consul, as far as the example asks it: queries wait until a test answers them. */
async function startConsul() {
  const waiting: { url: string; response: ServerResponse }[] = [];
  let wake = deferred();
  let closed = deferred();
  const server = createServer(({ url = "" }, response) => {
    waiting.push({ url, response });
    response.on("close", () => closed.resolve());
    wake.resolve();
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    /** The next query, from its path on. */
    async next() {
      while (waiting.length === 0) {
        wake = deferred();
        // oxlint-disable-next-line no-await-in-loop
        await wake.promise;
      }
      closed = deferred();
      const { url, response } = waiting.shift()!;
      return {
        url,
        closed: closed.promise,
        answer(index: number, ...ports: number[]) {
          const instances = ports.map((Port) => ({
            Node: { Address: "127.0.0.1" },
            Service: { Address: "", Port },
          }));
          response.setHeader("x-consul-index", index).end(JSON.stringify(instances));
        },
        fail: () => response.writeHead(500).end(),
      };
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

test("the example of the documentation makes a channel", () => {
  const channel = createChannel("consul:///users", undefined, { resolver: consulResolver() });
  expect(channel.getTarget()).toBe("consul:///users");
  channel.close();
});

test("the example follows Consul, through its errors, until the channel is closed", async () => {
  await using first = await startHttp2((stream) => answer(stream, "first"));
  await using second = await startHttp2((stream) => answer(stream, "second"));
  await using consul = await startConsul();
  using echo = echoClient("consul:///users", { resolver: consulResolver({ url: consul.url, retryMs: 1 }) });
  const failed = failureOf(echo.client.echoUnary({ text: "" }));
  (await consul.next()).fail();
  expect((await failed).details).toContain("Consul answers 500");
  const call = echo.client.echoUnary({ text: "" }, { waitForReady: true });
  const query = await consul.next();
  expect(query.url).toBe("/v1/health/service/users?passing=true&wait=5m&index=0");
  query.answer(7, first.port);
  expect(await call).toEqual({ text: "first" });
  const change = await consul.next();
  expect(change.url).toContain("&index=7");
  change.answer(8, second.port);
  while ((await echo.client.echoUnary({ text: "" })).text !== "second");
  const last = await consul.next();
  echo.channel.close();
  await last.closed;
});
