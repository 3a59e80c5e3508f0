// hono on Node with the product's features, by hono's own middleware: request id, Bearer, an error handler; one line a request
// to a file; over the same store.
import type { AddressInfo } from "node:net";
import { serve } from "@hono/node-server";
import { Hono, type Context } from "hono";
import { bearerAuth } from "hono/bearer-auth";
import { requestId, type RequestIdVariables } from "hono/request-id";
import type { ContentfulStatusCode } from "hono/utils/http-status";
import { createUser, errorAnswer, pageBody, userBody, type CreateBody } from "../../full/http-service.js";
import { fileLogger, openFull } from "../../full/open.js";
import { serveFull } from "../../service/serve.js";

interface Env {
  Variables: RequestIdVariables & { subject: string };
}

await serveFull(async (full) => {
  const users = await openFull(full);
  const logger = fileLogger(full);
  const app = new Hono<Env>();
  app.use(requestId());
  app.use(async (context, next) => {
    const began = performance.now();
    await next();
    const { method, path } = context.req;
    const { requestId: request_id, subject } = context.var;
    const elapsedTime = performance.now() - began;
    logger.info(
      { request_id, method, path, statusCode: context.res.status, elapsedTime, subject },
      "request completed",
    );
  });
  app.use(
    bearerAuth({
      verifyToken: (token, context) => {
        const caller = users.verify(token);
        if (caller !== undefined) (context as Context<Env>).set("subject", caller.subject);
        return caller !== undefined;
      },
    }),
  );
  app.get("/users/:id", async (context) =>
    context.json(userBody(users, await users.directory.get(context.req.param("id")))),
  );
  app.post("/users", async (context) => {
    const body = await context.req.json<CreateBody>();
    return context.json(
      userBody(users, await createUser(users, body, context.req.header("idempotency-key"))),
    );
  });
  app.get("/users", async (context) => {
    const { pageSize, pageToken = "" } = context.req.query();
    return context.json(await pageBody(users, Number(pageSize), pageToken));
  });
  app.onError((error, context) => {
    const { status, message } = errorAnswer(users, error);
    if (status === 500) logger.error(error, "unexpected error");
    return context.json({ message }, status as ContentfulStatusCode);
  });
  return new Promise<number>((resolve) => {
    const server = serve({ fetch: app.fetch, port: 0, hostname: "127.0.0.1" }, () =>
      resolve((server.address() as AddressInfo).port),
    );
  });
});
