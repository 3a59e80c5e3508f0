import { describe, expect, test } from "@jest/globals";
import type { ServerCallContext } from "@callwire/transport";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { health } from "../test-room/health-client.js";
import { Metadata, Status } from "nice-grpc-common";
import { permissionDenied } from "../errors/factories.js";
import { startEcho } from "../test-room/echo-server.js";
import { failure } from "../test-room/errors.js";
import { recordLog } from "../testing/recorded-log.js";
import { rawCall } from "../test-room/raw-call.js";
import { runtimes } from "../test-room/runtimes.js";
import { auth, bearerToken, type AuthOptions } from "./auth.js";
import { errorBoundary } from "./error-boundary.js";
import { except, forMethods } from "./for-methods.js";
import { logging } from "./logging.js";
import { requestId } from "./request-id.js";

const service = "/callwire.echo.v1.EchoService";
const withToken = (token: string) => ({ metadata: Metadata({ authorization: `Bearer ${token}` }) });

test.each([
  ["Bearer abc", "abc"],
  ["bearer abc.def-~+/==", "abc.def-~+/=="],
  ["BEARER   abc  ", "abc"],
])("reads the token of %p", (header, token) => {
  expect(bearerToken(header)).toBe(token);
});

test.each([undefined, "", "Bearer", "Bearer ", "Basic abc", "Bearer a b", "Bearer a,b", "Bearer =a"])(
  "finds no token in %p",
  (header) => {
    expect(() => bearerToken(header)).toThrow(expect.objectContaining({ code: Status.UNAUTHENTICATED }));
  },
);

test("a refusal has no stack: anybody may have one as often as they like", () => {
  let refusal: unknown;
  try {
    bearerToken(undefined);
  } catch (error) {
    refusal = error;
  }
  expect((refusal as Error).stack).not.toContain("\n    at ");
  expect(new Error("another").stack).toContain("\n    at ");
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  const start = async <Identity>(verify: AuthOptions<Identity>["verify"]) => {
    const log = recordLog();
    const { logger } = log;
    const seen: Identity[] = [];
    const echo = await startEcho(
      {
        runtime,
        middleware: [requestId(), logging({ logger }), errorBoundary({ logger }), auth({ verify })],
      },
      {
        async echoUnary({ text }, context) {
          seen.push(context.auth);
          return { text };
        },
      },
    );
    return { ...echo, log, seen };
  };

  test.each([
    ["at once", (token: string) => ({ user: token })],
    ["later", async (token: string) => ({ user: token })],
  ])("gives the handler what verify answers %s", async (_when, verify) => {
    await using echo = await start(verify);
    await echo.client.echoUnary({ text: "a" }, withToken("ann"));
    expect(echo.seen).toEqual([{ user: "ann" }]);
  });

  test("lets each call pass by a header of its own, whatever the call before it sent", async () => {
    await using echo = await start((token: string) => token !== "bad" && { user: token });
    const outcomes: unknown[] = [];
    for (const token of ["ann", "bob", "ann", "bad", "bad", "a b", "ann"]) {
      outcomes.push(await echo.client.echoUnary({ text: token }, withToken(token)).catch(() => "refused"));
    }
    outcomes.push(await echo.client.echoUnary({ text: "none" }).catch(() => "refused"));
    const refused = Array<string>(3).fill("refused");
    const passed = (text: string) => expect.objectContaining({ text });
    expect(outcomes).toEqual([...["ann", "bob", "ann"].map(passed), ...refused, passed("ann"), "refused"]);
    expect(echo.seen).toEqual(["ann", "bob", "ann", "ann"].map((user) => ({ user })));
  });

  test.each([undefined, null, false] as const)(
    "refuses a token that verify answers %p to",
    async (answer) => {
      await using echo = await start(() => answer);
      const failed = await failure((options) =>
        echo.client.echoUnary({ text: "a" }, { ...options, ...withToken("x") }),
      );
      expect(failed.code).toBe(Status.UNAUTHENTICATED);
      expect(failed.details.ErrorInfo).toMatchObject({
        reason: "CREDENTIALS_INVALID",
        domain: "callwire.echo.v1.EchoService",
      });
      expect(echo.seen).toEqual([]);
    },
  );

  test("logs a refused call, and tells its client the reason and the request's id", async () => {
    await using echo = await start(() => "anyone");
    const failed = await failure((options) => echo.client.echoUnary({ text: "a" }, options));
    expect(failed).toMatchObject({
      code: Status.UNAUTHENTICATED,
      message: "an authorization header is required",
    });
    expect(failed.details.ErrorInfo?.reason).toBe("CREDENTIALS_MISSING");
    expect(echo.log.lines).toEqual([
      expect.objectContaining({
        "grpc.code": "UNAUTHENTICATED",
        "grpc.method": "EchoUnary",
        "grpc.error": failed.message,
        request_id: failed.trailer.get("x-request-id"),
        level: 30,
      }),
    ]);
  });

  test("refuses a call whose client never sends a message", async () => {
    await using echo = await start(() => "anyone");
    using call = rawCall(echo.address, `${service}/EchoClientStream`);
    const { headers } = await call.response;
    expect(headers["grpc-status"]).toBe("16");
  });

  test("refuses a call before its body is read: a broken one is not INTERNAL", async () => {
    await using echo = await start(() => "anyone");
    const broken = lengthPrefixed(Buffer.from([0x0a, 0x7f, 0x01]));
    using refused = rawCall(echo.address, `${service}/EchoUnary`);
    refused.stream.end(broken);
    expect((await refused.response).headers["grpc-status"]).toBe("16");
    using admitted = rawCall(echo.address, `${service}/EchoUnary`, { authorization: "Bearer x" });
    admitted.stream.end(broken);
    expect((await admitted.response).headers["grpc-status"]).toBe("13");
  });

  test("lets an error that verify makes on purpose out as it is", async () => {
    await using echo = await start(() => {
      throw permissionDenied({ message: "locked out", reason: "LOCKED" });
    });
    const failed = await failure((options) =>
      echo.client.echoUnary({ text: "a" }, { ...options, ...withToken("x") }),
    );
    expect(failed).toMatchObject({ code: Status.PERMISSION_DENIED, message: "locked out" });
    expect(failed.details.ErrorInfo?.reason).toBe("LOCKED");
  });

  test("keeps an error of verify's own inside", async () => {
    await using echo = await start(async () => {
      throw new Error("directory at 10.1.2.3 is down");
    });
    const failed = await failure((options) =>
      echo.client.echoUnary({ text: "a" }, { ...options, ...withToken("x") }),
    );
    expect(failed).toMatchObject({ code: Status.INTERNAL, message: "internal error" });
    const line = await echo.log.line({ msg: "unexpected error" });
    expect(line["err"]).toMatchObject({ message: "directory at 10.1.2.3 is down" });
    expect(line["request_id"]).toBe(failed.trailer.get("x-request-id"));
    expect(echo.log.text()).not.toContain("Bearer");
  });

  test("forgets and logs a call that its client cancels while verify waits", async () => {
    let began = (_call: ServerCallContext) => {};
    const verifying = new Promise<ServerCallContext>((resolve) => (began = resolve));
    await using echo = await start(
      (token, call) =>
        new Promise<string>((_resolve, reject) => {
          if (token !== "slow") return _resolve(token);
          call.signal.addEventListener("abort", () => reject(call.signal.reason as Error));
          began(call);
        }),
    );
    const cancel = new AbortController();
    const call = echo.client.echoUnary({ text: "a" }, { ...withToken("slow"), signal: cancel.signal });
    const ended = expect(call).rejects.toThrow(/abort/i);
    await verifying;
    cancel.abort();
    await ended;
    await echo.log.line({ "grpc.code": "CANCELLED" });
    await echo.client.echoUnary({ text: "b" }, withToken("quick"));
    expect(echo.seen).toEqual(["quick"]);
    expect(echo.log.lines.map((line) => line["grpc.code"])).toEqual(["CANCELLED", "OK"]);
  });

  test("health needs no token", async () => {
    await using echo = await start(() => undefined);
    using client = health(echo.address);
    await expect(client.check({})).resolves.toMatchObject({ status: 1 });
  });

  test("leaves out the methods that forMethods leaves out", async () => {
    const middleware = [
      forMethods(except("callwire.echo.v1.EchoService/EchoUnary"), auth({ verify: () => "anyone" })),
    ] as const;
    await using echo = await startEcho({ runtime, middleware });
    await expect(echo.client.echoUnary({ text: "a" })).resolves.toEqual({ text: "a" });
    const failed = await failure((options) =>
      echo.client.echoClientStream((async function* () {})(), options),
    );
    expect(failed.code).toBe(Status.UNAUTHENTICATED);
  });
});

test("an error about `verify` does not show a token that was given in its place", () => {
  const verify = "t0ken" as unknown as AuthOptions<object>["verify"];
  expect(() => auth({ verify })).toThrow("auth: verify is a text: it must be a function");
});
