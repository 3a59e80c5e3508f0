import { describe, expect, test } from "@jest/globals";
import { ServerError, Status } from "nice-grpc-common";
import { invalidArgument, notFound } from "../errors/factories.js";
import { startEcho } from "../test-room/echo-server.js";
import { drain, failure } from "../test-room/errors.js";
import { recordLog } from "../testing/recorded-log.js";
import { runtimes } from "../test-room/runtimes.js";
import { errorBoundary } from "./error-boundary.js";

describe.each(runtimes)("over %s", (_name, runtime) => {
  const start = async (thrown: unknown, domain?: string) => {
    const log = recordLog();
    const boundary = errorBoundary({ logger: log.logger, ...(domain !== undefined && { domain }) });
    const fail = (): never => {
      throw thrown;
    };
    const echo = await startEcho(
      { runtime, middleware: [boundary] },
      {
        echoUnary: async () => fail(),
        async *echoServerStream() {
          yield { text: "first", index: 0 };
          fail();
        },
        async echoClientStream() {
          return fail();
        },
      },
    );
    return { ...echo, log };
  };

  test("sends an error's details in all shapes", async () => {
    await using echo = await start(
      invalidArgument({ violations: [{ field: "a.b", description: "is odd" }] }),
    );
    const failures = [
      await failure((options) => echo.client.echoUnary({}, options)),
      await failure((options) => drain(echo.client.echoServerStream({}, options))),
      await failure((options) => echo.client.echoClientStream((async function* () {})(), options)),
    ];
    for (const failed of failures) {
      expect(failed).toMatchObject({ code: Status.INVALID_ARGUMENT, message: "a.b: is odd" });
      expect(failed.details.ErrorInfo).toMatchObject({
        reason: "INVALID_FIELDS",
        domain: "callwire.echo.v1.EchoService",
      });
      expect(failed.details.BadRequest?.fieldViolations[0]).toMatchObject({
        field: "a.b",
        description: "is odd",
      });
    }
    expect(echo.log.lines).toEqual([]);
  });

  test("keeps an unexpected error inside and logs it", async () => {
    await using echo = await start(new Error("password=hunter2 at 10.0.0.5"));
    const failed = await failure((options) => echo.client.echoUnary({}, options));
    expect(failed).toMatchObject({ code: Status.INTERNAL, message: "internal error" });
    expect(failed.details.ErrorInfo?.reason).toBe("INTERNAL");
    const sent = Array.from(failed.trailer, ([, values]) => Buffer.from(String(values)).toString()).join();
    expect(sent).not.toContain("hunter2");
    expect(echo.log.lines).toEqual([
      expect.objectContaining({
        level: 50,
        msg: "unexpected error",
        err: expect.objectContaining({ message: "password=hunter2 at 10.0.0.5" }),
        "grpc.method": "EchoUnary",
      }),
    ]);
  });

  test("logs the cause of an error made on purpose, and does not send it", async () => {
    await using echo = await start(notFound({ resource: "r", id: "1", cause: new Error("row 17") }));
    const failed = await failure((options) => echo.client.echoUnary({}, options));
    expect(failed.code).toBe(Status.NOT_FOUND);
    expect(echo.log.lines).toEqual([
      expect.objectContaining({ level: 40, err: expect.objectContaining({ message: "row 17" }) }),
    ]);
  });

  test("gives plain nice-grpc errors an ErrorInfo of the domain that is set", async () => {
    await using echo = await start(new ServerError(Status.ABORTED, "again"), "example.com");
    const failed = await failure((options) => echo.client.echoUnary({}, options));
    expect(failed.details.ErrorInfo).toMatchObject({ reason: "ABORTED", domain: "example.com" });
  });

  test.each(["lone \ud800 surrogate", "line\nbreak\u0000", "x".repeat(100_000), "ünï ☃ 100%"])(
    "sends a message of any text, and the server goes on (%#)",
    async (message) => {
      await using echo = await start(new ServerError(Status.ABORTED, message));
      for (let round = 0; round < 2; round++) {
        const failed = await failure((options) => echo.client.echoUnary({}, options));
        expect(failed.code).toBe(Status.ABORTED);
        expect(failed.message.slice(0, 4)).toBe(message.slice(0, 4));
      }
    },
  );
});
