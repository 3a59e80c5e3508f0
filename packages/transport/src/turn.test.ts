import { afterEach, expect, jest, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createServer } from "./server/create-server.js";
import { echoClient } from "./testing/echo-client.js";
import { collect, failureOf } from "./testing/outcomes.js";

afterEach(() => {
  jest.useRealTimers();
});

async function* texts() {
  for (let index = 0; index < 300; index++) yield { text: String(index) };
}

test("calls go on while a test's fake timers stand still, and their time is the test's", async () => {
  jest.useFakeTimers();
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const port = await server.listen("127.0.0.1:0");
  using echo = echoClient(`127.0.0.1:${port}`);
  const { client } = echo;
  const calls = Array.from({ length: 300 }, (_, index) => client.echoUnary({ text: String(index) }));
  expect(await Promise.all(calls)).toHaveLength(300);
  expect(await collect(client.echoServerStream({ count: 300 }))).toHaveLength(300);
  expect(await client.echoClientStream(texts())).toMatchObject({ count: 300 });
  expect(await collect(client.echoBidiStream(texts()))).toHaveLength(300);
  const late = failureOf(client.echoUnary({ fault: { waitForAbort: true } }, { timeoutMs: 60_000 }));
  jest.advanceTimersByTime(61_000);
  expect((await late).message).toContain("DEADLINE_EXCEEDED");
  server.forceShutdown();
});
