// fastify with the product's features: request id, one line a request to a file, Bearer, an error handler; over the same
// store. The schemas of the answers are given so that fast-json-stringify writes them. A watch is lines of JSON by hand: each event is
// made JSON once for all who watch.
import { once } from "node:events";
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { randomUUID } from "node:crypto";
import Fastify, { LogController, type FastifyInstance } from "fastify";
import type { OpenUsers } from "../../full/service.js";
import { serveFull } from "../../service/serve.js";
import {
  bearerToken,
  createUser,
  errorAnswer,
  eventLine,
  pageBody,
  userBody,
  type CreateBody,
} from "../../full/http-service.js";
import { fileLogger, openFull } from "../../full/open.js";

declare module "fastify" {
  interface FastifyRequest {
    subject: string;
  }
}

const userSchema = {
  type: "object",
  properties: {
    id: { type: "string" },
    name: { type: "string" },
    email: { type: "string" },
    age: { type: "integer" },
    department: { type: "integer" },
    roles: { type: "array", items: { type: "string" } },
    createdAt: { type: "string", format: "date-time" },
    updatedAt: { type: "string", format: "date-time" },
    etag: { type: "string" },
  },
} as const;

const pageSchema = {
  type: "object",
  properties: {
    users: { type: "array", items: userSchema },
    nextPageToken: { type: "string" },
    totalCount: { type: "integer" },
  },
} as const;

type App = FastifyInstance<Server, IncomingMessage, ServerResponse>;

function addFeatures(app: App, users: OpenUsers): void {
  app.decorateRequest("subject", "");
  app.addHook("onRequest", (request, reply, done) => {
    void reply.header("x-request-id", request.id);
    const caller = users.verify(bearerToken(request.headers.authorization));
    if (caller === undefined) {
      void reply.code(401).send({ message: "the token is not valid" });
      return;
    }
    request.subject = caller.subject;
    done();
  });
  app.addHook("onResponse", (request, reply, done) => {
    const { method, url, ip, subject } = request;
    const { statusCode, elapsedTime } = reply;
    request.log.info({ method, url, statusCode, elapsedTime, ip, subject }, "request completed");
    done();
  });
  app.setErrorHandler((error, request, reply) => {
    const { status, message } = errorAnswer(users, error);
    if (status === 500) request.log.error(error, "unexpected error");
    return reply.code(status).send({ message });
  });
}

function addRoutes(app: App, users: OpenUsers): void {
  app.get<{ Params: { id: string } }>(
    "/users/:id",
    { schema: { response: { 200: userSchema } } },
    async ({ params }) => userBody(users, await users.directory.get(params.id)),
  );
  app.post<{ Body: CreateBody; Headers: { "idempotency-key"?: string } }>(
    "/users",
    { schema: { response: { 200: userSchema } } },
    async ({ body, headers }) => userBody(users, await createUser(users, body, headers["idempotency-key"])),
  );
  app.get("/users/watch", (request, reply) => {
    reply.hijack();
    const { raw } = reply;
    raw.writeHead(200, { "content-type": "application/x-ndjson", "x-request-id": request.id });
    void watch(users, raw).catch((error: unknown) => {
      request.log.error(error, "unexpected error");
      raw.destroy();
    });
  });
  app.get<{ Querystring: { pageSize: string; pageToken?: string } }>(
    "/users",
    { schema: { response: { 200: pageSchema } } },
    async ({ query }) => pageBody(users, Number(query.pageSize), query.pageToken ?? ""),
  );
}

async function watch(users: OpenUsers, response: ServerResponse): Promise<void> {
  const events = users.directory.watch({ departments: [], resumeToken: "" });
  response.once("close", () => void events.return?.());
  for await (const event of events)
    if (!response.write(eventLine(users, event))) await once(response, "drain");
  response.end();
}

await serveFull(async (full) => {
  const users = await openFull(full);
  const app = Fastify({
    loggerInstance: fileLogger(full),
    // One line of our own instead of fastify's two.
    logController: new LogController({ disableRequestLogging: true, requestIdLogLabel: "request_id" }),
    requestIdHeader: "x-request-id",
    genReqId: () => randomUUID(),
  }) as unknown as App;
  addFeatures(app, users);
  addRoutes(app, users);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
});
