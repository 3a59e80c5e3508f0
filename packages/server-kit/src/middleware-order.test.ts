import { describe, expect, test } from "@jest/globals";
import type { ServerMiddleware } from "nice-grpc-common";
import { createServer } from "./create-server.js";
import { auth } from "./middleware/auth.js";
import { errorBoundary } from "./middleware/error-boundary.js";
import { forMethods } from "./middleware/for-methods.js";
import { requestId } from "./middleware/request-id.js";
import { startEcho } from "./test-room/echo-server.js";
import { recordLog } from "./testing/recorded-log.js";
import { runtimes } from "./test-room/runtimes.js";

/** Needs what `auth` adds. */
const tenant: ServerMiddleware<{ tenant: string }, { auth: { tenant: string } }> = async function* (
  call,
  context,
) {
  return yield* call.next(call.request, { ...context, tenant: context.auth.tenant });
};
const authentication = auth({ verify: (token) => ({ tenant: token }) });

test("a middleware in the wrong place does not compile", () => {
  createServer({ middleware: [authentication, tenant] });
  // @ts-expect-error Tenant comes before what it needs.
  createServer({ middleware: [tenant, authentication] });
  // @ts-expect-error Tenant has nothing that it needs.
  createServer({ middleware: [requestId(), tenant] });
  // @ts-expect-error Of some methods only is not enough.
  createServer({ middleware: [forMethods("a.B/*", authentication), tenant] });
  // @ts-expect-error The identity is of another kind.
  createServer({ middleware: [auth({ verify: () => ({ name: "x" }) }), tenant] });
  const { logger } = recordLog();
  createServer({ middleware: [errorBoundary({ logger })] });
  createServer();
});

describe.each(runtimes)("over %s", (_name, runtime) => {
  test("runs the first one outermost", async () => {
    const order: string[] = [];
    const named = (name: string): ServerMiddleware =>
      async function* (call, context) {
        order.push(`${name} in`);
        const response = yield* call.next(call.request, context);
        order.push(`${name} out`);
        return response;
      };
    await using echo = await startEcho(
      { runtime, middleware: [named("a"), named("b")] },
      {
        async echoUnary() {
          order.push("handler");
          return {};
        },
      },
    );
    await echo.client.echoUnary({});
    expect(order).toEqual(["a in", "b in", "handler", "b out", "a out"]);
  });
});
