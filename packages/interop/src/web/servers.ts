// Servers that speak Connect and gRPC-Web. Each serves the users contract in the same way, for the client's tests.
import { EventEmitter, once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import { createSecureServer } from "node:http2";
import type { AddressInfo } from "node:net";
import { createFileRegistry, fromBinary } from "@bufbuild/protobuf";
import { FileDescriptorSetSchema } from "@bufbuild/protobuf/wkt";
import { descriptorSet } from "@callwire/contracts/descriptor-set";
import { ResourceInfo } from "@callwire/contracts/google/rpc";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createEdge } from "@callwire/edge";
import {
  createServer as createKitServer,
  errorBoundary,
  notFound,
  ServerError,
  Status,
} from "@callwire/server-kit";
import type { CallContext } from "@callwire/server-kit";
import type { TestCertificate } from "@callwire/testkit";
import { Code, ConnectError, cors, type HandlerContext } from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";

/** A server under test. */
export interface WebPeer {
  readonly name: string;
  /** True if a call may stream both ways over HTTP/1.1, which Node.js's `fetch` speaks. */
  readonly isBidiOverHttp1: boolean;
  /**
   * Makes the handler of its HTTP server. A call that waits emits `waiting`, and when it is cancelled `cancelled`, with its method's
   * name.
   *
   * @param origin The pages that may call. Default: none of another origin.
   */
  handler(notes: EventEmitter, origin?: string): RequestListener;
}

/** All of them: each test of the client runs against each. */
export const peers: readonly WebPeer[] = [
  { name: "connect-node", isBidiOverHttp1: false, handler: connectHandler },
  { name: "the edge", isBidiOverHttp1: true, handler: edgeHandler },
];

const registry = createFileRegistry(fromBinary(FileDescriptorSetSchema, descriptorSet));

interface Row {
  name: string;
}

interface Line {
  content: string;
}

async function untilCancelled(
  method: string,
  { signal }: { signal: AbortSignal },
  notes: EventEmitter,
): Promise<void> {
  notes.emit("waiting", method);
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener("abort", resolve, { once: true }));
  notes.emit("cancelled", method);
}

/** The users contract by Connect's own server, over protobuf-es. */
function connectHandler(notes: EventEmitter, origin?: string): RequestListener {
  const users = registry.getService("users.UserService")!;
  const tries = new Map<string, number>();
  const notFound = (id: string) => {
    const error = new ConnectError("no such user: ü", Code.NotFound, { "x-trace": "t1" });
    const info = ResourceInfo.fromPartial({ resourceType: "users.User", resourceName: id });
    error.details.push({ type: "google.rpc.ResourceInfo", value: ResourceInfo.encode(info).finish() });
    return error;
  };
  const handler = connectNodeAdapter({
    routes: (router) => {
      // The registry knows the service by its name alone: its methods have no types.
      router.service(users, {
        async getUser({ id }: { id: string }, context: HandlerContext) {
          const asked = (tries.get(id) ?? 0) + 1;
          tries.set(id, asked);
          if (id === "nobody") throw notFound(id);
          if (id.startsWith("twice-") && asked < 3) throw new ConnectError("busy", Code.Unavailable);
          if (id === "slow") await untilCancelled("getUser", context, notes);
          const seen = (name: string) => context.requestHeader.get(name) ?? "none";
          context.responseHeader.set("x-seen", `${seen("x-request-id")} ${seen("authorization")}`);
          context.responseHeader.set("x-data-bin", "AQID");
          context.responseTrailer.set("x-end", "yes");
          return { id, name: `user ${id}`, email: "ü@example.com" };
        },
        async *watchUsers({ departments: [wish = ""] }: { departments: string[] }, context: HandlerContext) {
          for (let at = 0; at < 3; at++) yield { eventType: "created", resumeToken: String(at) };
          if (wish === "fail") throw notFound("watched");
          if (wish === "wait") await untilCancelled("watchUsers", context, notes);
        },
        async uploadUsers(rows: AsyncIterable<Row>) {
          const names: string[] = [];
          for await (const { name } of rows) names.push(name);
          return { created: names.length, errors: [{ index: 0, field: "name", reason: names.join(" ") }] };
        },
        async *chat(lines: AsyncIterable<Line>) {
          for await (const { content } of lines) yield { content: `${content}!` };
        },
      } as never);
    },
  }) as unknown as RequestListener;
  return origin === undefined ? handler : withCors(origin, handler);
}

async function notHere(): Promise<never> {
  throw new ServerError(Status.UNIMPLEMENTED, "no test calls it");
}

/** The same by this project's server and edge. */
function edgeHandler(notes: EventEmitter, origin?: string): RequestListener {
  const tries = new Map<string, number>();
  const refuse = (id: string, context: CallContext): never => {
    context.trailer.set("x-trace", "t1");
    throw notFound({ resource: "users.User", id, message: "no such user: ü" });
  };
  const server = createKitServer({ middleware: [errorBoundary({ logger: { error() {}, warn() {} } })] });
  server.add(UserServiceDefinition, {
    async getUser({ id }, context) {
      const asked = (tries.get(id) ?? 0) + 1;
      tries.set(id, asked);
      if (id === "nobody") refuse(id, context);
      if (id.startsWith("twice-") && asked < 3) throw new ServerError(Status.UNAVAILABLE, "busy");
      if (id === "slow") await untilCancelled("getUser", context, notes);
      const seen = (name: string) => String(context.metadata.get(name) ?? "none");
      context.header.set("x-seen", `${seen("x-request-id")} ${seen("authorization")}`);
      context.header.set("x-data-bin", Uint8Array.of(1, 2, 3));
      context.trailer.set("x-end", "yes");
      return { id, name: `user ${id}`, email: "ü@example.com" };
    },
    async *watchUsers({ departments: [wish = ""] }, context) {
      for (let at = 0; at < 3; at++) yield { eventType: "created", resumeToken: String(at) };
      if (wish === "fail") refuse("watched", context);
      if (wish === "wait") await untilCancelled("watchUsers", context, notes);
    },
    async uploadUsers(rows) {
      const names: string[] = [];
      for await (const { name } of rows) names.push(name);
      return { created: names.length, errors: [{ index: 0, field: "name", reason: names.join(" ") }] };
    },
    async *chat(lines) {
      for await (const { content } of lines) yield { content: `${content}!` };
    },
    createUser: notHere,
    updateUser: notHere,
    deleteUser: notHere,
    listUsers: notHere,
  });
  const { handler } = createEdge({
    server,
    responseMetadata: ["x-seen", "x-data-bin", "x-end", "x-trace"],
    ...(origin !== undefined && { cors: { origins: [origin] } }),
  });
  return handler;
}

/** A server that runs. */
export interface RunningPeer extends AsyncDisposable {
  readonly baseUrl: string;
  readonly notes: EventEmitter;
}

/** Lets pages of another origin call, with what the client sends and reads. */
function withCors(origin: string, handler: RequestListener): RequestListener {
  return (request, response) => {
    response.setHeader("access-control-allow-origin", origin);
    response.setHeader(
      "access-control-expose-headers",
      [...cors.exposedHeaders, "x-seen", "x-trace"].join(", "),
    );
    if (request.method !== "OPTIONS") {
      handler(request, response);
      return;
    }
    response.setHeader("access-control-allow-methods", "POST");
    response.setHeader(
      "access-control-allow-headers",
      [...cors.allowedHeaders, "authorization", "x-request-id"].join(", "),
    );
    response.writeHead(204).end();
  };
}

/**
 * Starts a server on a free port.
 *
 * @param tls Serves HTTP/2 over TLS. Default: HTTP/1.1 in clear text.
 */
export async function startPeer(
  handler: (notes: EventEmitter) => RequestListener,
  tls?: TestCertificate,
): Promise<RunningPeer> {
  const notes = new EventEmitter();
  const listener = handler(notes);
  const server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer(
          { ...tls, allowHTTP1: true },
          listener as unknown as Parameters<typeof createSecureServer>[1],
        );
  const sockets = new Set<{ destroy(): void }>();
  server.on("connection", (socket: { destroy(): void }) => sockets.add(socket));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  return {
    baseUrl: `http${tls === undefined ? "" : "s"}://localhost:${port}`,
    notes,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, "close");
    },
  };
}
