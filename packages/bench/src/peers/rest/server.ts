// fastify at its best: no log, the answers' schemas given so that fast-json-stringify writes them, the requests' schemas
// not given so that nothing is validated that the other peers do not validate.
import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import Fastify, { type FastifyInstance } from "fastify";
import { Directory } from "../../service/directory.js";
import type { NewUser } from "../../service/data.js";
import { serve } from "../../service/serve.js";

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

function addRoutes(app: App): void {
  const directory = new Directory();
  app.get<{ Params: { id: string } }>(
    "/users/:id",
    { schema: { response: { 200: userSchema } } },
    async ({ params }, reply) => {
      const user = directory.get(params.id);
      if (user === undefined) return reply.code(404).send({ message: "no such user" });
      return user;
    },
  );
  app.post<{ Body: NewUser }>("/users", { schema: { response: { 200: userSchema } } }, async ({ body }) =>
    directory.create(body),
  );
  app.get<{ Querystring: { pageSize: string } }>(
    "/users",
    { schema: { response: { 200: pageSchema } } },
    async ({ query }) => ({
      users: directory.page(Number(query.pageSize)),
      nextPageToken: "",
      totalCount: directory.users.length,
    }),
  );
  app.addContentTypeParser("application/octet-stream", { parseAs: "buffer" }, (_request, body, done) =>
    done(null, body),
  );
  app.post("/exchange", async ({ body }, reply) => reply.type("application/octet-stream").send(body));
}

await serve(async (tls) => {
  const options = { logger: false, bodyLimit: 4 * 1024 * 1024 };
  const app = (tls ? Fastify({ ...options, https: tls }) : Fastify(options)) as unknown as App;
  addRoutes(app);
  await app.listen({ port: 0, host: "127.0.0.1" });
  return (app.server.address() as AddressInfo).port;
});
