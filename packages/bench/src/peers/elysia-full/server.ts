// Elysia on Bun with the product's features: request id, Bearer, one line a request to a file, an error handler; over the same
// store.
import { randomUUID } from "node:crypto";
import { Elysia } from "elysia";
import {
  bearerToken,
  createUser,
  errorAnswer,
  pageBody,
  userBody,
  type CreateBody,
} from "../../full/http-service.js";
import { fileLogger, openFull } from "../../full/open.js";
import { serveFull } from "../../service/serve.js";

await serveFull(async (full) => {
  const users = await openFull(full);
  const logger = fileLogger(full);
  const app = new Elysia()
    .derive(({ headers, set }) => {
      const requestId = headers["x-request-id"] ?? randomUUID();
      set.headers["x-request-id"] = requestId;
      return {
        requestId,
        began: performance.now(),
        caller: users.verify(bearerToken(headers["authorization"])),
      };
    })
    .onBeforeHandle(({ caller, status }) => {
      if (caller === undefined) return status(401, { message: "the token is not valid" });
      return undefined;
    })
    .onAfterResponse(({ requestId, began, caller, request, path, set }) => {
      const elapsedTime = performance.now() - began;
      const fields = { request_id: requestId, method: request.method, path, statusCode: set.status ?? 200 };
      logger.info({ ...fields, elapsedTime, subject: caller?.subject }, "request completed");
    })
    .onError(({ error, status }) => {
      const answer = errorAnswer(users, error);
      if (answer.status === 500) logger.error(error, "unexpected error");
      return status(answer.status, { message: answer.message });
    })
    .get("/users/:id", async ({ params }) => userBody(users, await users.directory.get(params.id)))
    .post("/users", async ({ body, headers }) =>
      userBody(users, await createUser(users, body as CreateBody, headers["idempotency-key"])),
    )
    .get("/users", ({ query }) => pageBody(users, Number(query["pageSize"]), query["pageToken"] ?? ""))
    .listen({ port: 0, hostname: "127.0.0.1" });
  return app.server!.port!;
});
