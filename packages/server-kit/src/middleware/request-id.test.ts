import { describe, expect, jest, test } from "@jest/globals";
import { EchoUnaryRequest } from "@callwire/testkit";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { Metadata, ServerError, Status } from "nice-grpc-common";
import { startEcho } from "../test-room/echo-server.js";
import { failure } from "../test-room/errors.js";
import { rawCall } from "../test-room/raw-call.js";
import { runtimes } from "../test-room/runtimes.js";
import { isUsableRequestId, MAX_REQUEST_ID_LENGTH, requestId } from "./request-id.js";

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

test("believes an id of visible ASCII characters, up to a length", () => {
  expect(isUsableRequestId("abc-123~!")).toBe(true);
  expect(isUsableRequestId("x".repeat(MAX_REQUEST_ID_LENGTH))).toBe(true);
  expect(isUsableRequestId("x".repeat(MAX_REQUEST_ID_LENGTH + 1))).toBe(false);
  for (const bad of [undefined, "", "a b", "a\nb", "a\u0000", "é"])
    expect(isUsableRequestId(bad)).toBe(false);
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  const start = (seen: string[] = []) =>
    startEcho(
      { runtime, middleware: [requestId()] },
      {
        async echoUnary({ text }, context) {
          seen.push(context.requestId);
          if (text === "fail") throw new ServerError(Status.NOT_FOUND, "no");
          return { text };
        },
      },
    );

  test("gives the handler the client's id and sends it back in the header", async () => {
    const seen: string[] = [];
    await using echo = await start(seen);
    let header = Metadata();
    const metadata = Metadata({ "x-request-id": "mine-1" });
    await echo.client.echoUnary({ text: "a" }, { metadata, onHeader: (value) => (header = value) });
    expect(seen).toEqual(["mine-1"]);
    expect(header.get("x-request-id")).toBe("mine-1");
  });

  test.each([undefined, "x".repeat(129), "with space"])("makes a new id in place of %p", async (given) => {
    const seen: string[] = [];
    await using echo = await start(seen);
    await echo.client.echoUnary(
      { text: "a" },
      given ? { metadata: Metadata({ "x-request-id": given }) } : {},
    );
    expect(seen[0]).toMatch(uuid);
  });

  test("sends the id of a failed call in its trailer", async () => {
    await using echo = await start();
    const metadata = Metadata({ "x-request-id": "mine-2" });
    const failed = await failure((options) =>
      echo.client.echoUnary({ text: "fail" }, { ...options, metadata }),
    );
    expect(failed.code).toBe(Status.NOT_FOUND);
    expect(failed.trailer.get("x-request-id")).toBe("mine-2");
  });

  test("leaves a failed call a response of trailers alone, which clients may retry", async () => {
    await using echo = await start();
    using call = rawCall(echo.address, "/callwire.echo.v1.EchoService/EchoUnary", {
      "x-request-id": "mine-3",
    });
    call.stream.end(lengthPrefixed(EchoUnaryRequest.encode({ text: "fail", fault: undefined }).finish()));
    const { headers, trailers, data } = await call.response;
    expect(headers).toMatchObject({ "grpc-status": "5", "x-request-id": "mine-3" });
    expect(trailers).toBeUndefined();
    expect(data).toHaveLength(0);
  });

  test.each<[unknown, string]>([
    [undefined, "undefined"],
    ["", '""'],
    ["a b", '"a b"'],
    [Promise.resolve("a"), "a promise, which was not awaited"],
  ])("an id generator that gives %p is named", async (given, shown) => {
    const warned = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    await using echo = await startEcho({
      runtime,
      middleware: [requestId({ generate: () => given as string })],
    });
    await failure((options) => echo.client.echoUnary({ text: "a" }, options));
    expect(warned.mock.calls.map(String).join("\n")).toContain(
      `requestId: generate gave ${shown}: an id is 1 to 128 visible ASCII characters`,
    );
    warned.mockRestore();
  });

  test("an id generator that throws fails that call, not the process", async () => {
    const generate = () => {
      throw new Error("no entropy");
    };
    await using echo = await startEcho({ runtime, middleware: [requestId({ generate })] });
    const failed = await failure((options) => echo.client.echoUnary({ text: "a" }, options));
    expect(failed.code).not.toBe(Status.OK);
    const metadata = Metadata({ "x-request-id": "given" });
    await expect(echo.client.echoUnary({ text: "b" }, { metadata })).resolves.toEqual({ text: "b" });
  });
});
