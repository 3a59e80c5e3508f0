import { deepEqual, equal, rejects } from "node:assert/strict";
import { test } from "node:test";
import { fakeClock, testService } from "@callwire/server-kit/testing";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";

const principals = { ada: { name: "Ada" }, bob: { name: "Bob" } };

test("answers its callers", async () => {
  await using echo = await testService(EchoServiceDefinition, echoService(), { principals, as: "ada" });
  equal((await echo.client.echoUnary({ text: "a" })).text, "a");
  equal((await echo.as("bob").echoUnary({ text: "b" })).text, "b");
  const { all } = echo.calls;
  deepEqual(
    all.map(({ principal }) => principal),
    [principals.ada, principals.bob],
  );
  deepEqual(
    echo.log.lines.map((line) => line["grpc.code"]),
    ["OK", "OK"],
  );
});

test("gives up in time", async () => {
  using clock = fakeClock();
  await using echo = await testService(EchoServiceDefinition, echoService());
  const call = echo.client.echoUnary({ fault: { waitForAbort: true } }, { timeoutMs: 3_600_000 });
  await Promise.all([rejects(call, /DEADLINE_EXCEEDED/), clock.advance(3_600_000)]);
});
