import { getEventListeners } from "node:events";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition, startServer } from "@callwire/testkit";
import { Metadata, Status } from "nice-grpc-common";
import { createClient } from "../test-room/clients.js";
import { CallError } from "../errors/call-error.js";

test("answers, and gives header and trailer to who asks", async () => {
  await using server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService((context) => {
        context.header.set("x-header", "h");
        context.trailer.set("x-trailer", context.metadata.get("x-mine") ?? "");
      }),
    ),
  );
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const seen: (string | undefined)[] = [];
  const response = await client.echoUnary(
    { text: "hi" },
    {
      metadata: Metadata({ "x-mine": "m" }),
      onHeader: (header) => seen.push(header.get("x-header")),
      onTrailer: (trailer) => seen.push(trailer.get("x-trailer")),
    },
  );
  expect(response).toEqual({ text: "hi" });
  expect(seen).toEqual(["h", "m"]);
});

test("fails with a CallError that names method, code, text, request id and trailers", async () => {
  await using server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService((context) => void context.trailer.set("x-trailer", "t")),
    ),
  );
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const fault = { code: Status.NOT_FOUND, message: "nothing here" };
  const error = await client.echoUnary({ fault }, { requestId: "req-1" }).catch((e: unknown) => e);
  expect(error).toBeInstanceOf(CallError);
  expect(error).toMatchObject({
    message: "callwire.echo.v1.EchoService/EchoUnary NOT_FOUND: nothing here",
    code: Status.NOT_FOUND,
    description: "nothing here",
    method: "callwire.echo.v1.EchoService/EchoUnary",
    requestId: "req-1",
  });
  expect((error as CallError).metadata.get("x-trailer")).toBe("t");
});

test("throws the reason of its caller's signal, and leaves no listener on it", async () => {
  const controller = new AbortController();
  await using server = await startServer((s) =>
    s.add(
      EchoServiceDefinition,
      echoService(() => controller.abort("enough")),
    ),
  );
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const { signal } = controller;
  await expect(client.echoUnary({ fault: { waitForAbort: true } }, { signal })).rejects.toBe("enough");
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
  await expect(client.echoUnary({ text: "again" }, { signal })).rejects.toBe("enough");
});

test("leaves nothing on a signal that many calls share", async () => {
  await using server = await startServer((s) => s.add(EchoServiceDefinition, echoService()));
  await using client = createClient(EchoServiceDefinition, { address: server.address });
  const { signal } = new AbortController();
  const call = (code: number) => client.echoUnary({ fault: { code } }, { signal }).catch(() => {});
  const calls = Array.from({ length: 20 }, (_, i) => call(i % 2 ? Status.OK : Status.ABORTED));
  expect(getEventListeners(signal, "abort")).toHaveLength(1);
  await Promise.all(calls);
  expect(getEventListeners(signal, "abort")).toHaveLength(0);
});
