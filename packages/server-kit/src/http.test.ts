import type { IncomingMessage, ServerResponse } from "node:http";
import { expect, test } from "@jest/globals";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { createServer } from "./create-server.js";
import { niceGrpc } from "./nice-grpc.js";

const handler = (request: IncomingMessage, response: ServerResponse) =>
  void response.end(`at ${request.url}`);

test("a server answers other HTTP on its port, by what `http` is given", async () => {
  const server = createServer({ http1: { maxHeaderBytes: 4_000 } }).add(EchoServiceDefinition, echoService());
  expect(server.http({ handler })).toBe(server);
  expect(() => server.http({ handler })).toThrow("http: it was called before");
  const port = await server.listen("127.0.0.1:0");
  const url = `http://127.0.0.1:${port}/a`;
  expect(await (await fetch(url)).text()).toBe("at /a");
  expect((await fetch(url, { headers: { large: "x".repeat(5_000) } })).status).toBe(431);
  expect(await server.shutdown()).toEqual({ forced: false, cutOff: [] });
});

test("a mistake is named, with the next step", async () => {
  expect(() => createServer().http({} as never)).toThrow(
    "http: the handler is an object: it must be an object with",
  );
  expect(() => createServer({ http1: { maxHeaderByte: 1 } } as object)).toThrow(
    "did you mean 'http1.maxHeaderBytes'?",
  );
  const late = createServer();
  await late.listen("127.0.0.1:0");
  expect(() => late.http({ handler })).toThrow("http must be called before the server listens");
  late.forceShutdown();
  const other = createServer({ runtime: niceGrpc });
  expect(() => other.http({ handler })).toThrow(
    "http: the server's runtime has no HTTP beside gRPC on its port: leave out 'runtime', or serve the edge on a port of its own",
  );
  other.forceShutdown();
  expect(() => createServer({ runtime: niceGrpc, http1: { maxHeaderBytes: 1 } })).toThrow(
    "servers of nice-grpc have no option 'http1'",
  );
});
