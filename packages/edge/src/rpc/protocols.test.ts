import { describe, expect, test } from "@jest/globals";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { createServer } from "@callwire/server-kit";
import { createPublicEdge } from "../../examples/for-browsers.js";
import { createEdge } from "../create-edge.js";
import type { CommonEdgeOptions } from "../edge-options.js";
import { post, PROBE } from "../testing/call-rpc.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import { send, serveEdge } from "../testing/serve-edge.js";

const SERVICE = "callwire.edge.testing.v1.ProbeService";

function create(options: CommonEdgeOptions, definition: object = ProbeServiceDefinition) {
  const server = createServer();
  server.add(definition as ProbeServiceDefinition, probeService());
  return createEdge({ server, ...options });
}

describe("the option protocols", () => {
  test("leaves out what is not wanted", async () => {
    await using served = await serveEdge({
      options: { protocols: { rest: false, grpcWeb: [SERVICE], connect: false } },
    });
    expect(served.edge.routes).toEqual([]);
    expect((await send(`${served.url}/v1/query`)).status).toBe(404);
    const url = `${served.url}${PROBE}/Query`;
    const refused = await post(url, "application/json", "{}");
    expect([refused.status, refused.headers.get("accept-post")]).toEqual([
      415,
      "application/grpc-web, application/grpc-web-text",
    ]);
    expect((await send(`${url}?encoding=json&message=%7B%7D`)).status).toBe(405);
    expect((await post(url, "application/grpc-web", "\0\0\0\0\0")).status).toBe(200);
  });

  test("names services, as the documentation has it", async () => {
    const server = createServer();
    server.add(ProbeServiceDefinition, probeService());
    const handlers = Object.keys(UserServiceDefinition.methods).map((name) => [
      name,
      () => Promise.resolve({}),
    ]);
    server.add(UserServiceDefinition, Object.fromEntries(handlers) as never);
    const edge = createPublicEdge({ server });
    const statusOf = async (path: string, type: string) => {
      const init = { method: "POST", body: "{}", headers: { "content-type": type } };
      return (await edge.fetch(new Request(`http://x${path}`, init))).status;
    };
    expect(await statusOf("/users.UserService/GetUser", "application/json")).toBe(200);
    expect(await statusOf("/users.UserService/GetUser", "application/grpc-web")).toBe(415);
    expect(await statusOf(`${PROBE}/Query`, "application/json")).toBe(404);
  });

  test("has all paths to itself, if it is REST alone", async () => {
    await using served = await serveEdge({ options: { protocols: { grpcWeb: false, connect: [] } } });
    const answer = await post(`${served.url}${PROBE}/Query`, "application/grpc-web", "");
    expect([answer.status, answer.headers.get("content-type")]).toEqual([404, "application/json"]);
  });

  test("is refused where it is misspelt, with the nearest name", () => {
    expect(() => create({ protocols: { grpcweb: false } as object })).toThrow(
      "createEdge has no option 'protocols.grpcweb'; did you mean 'protocols.grpcWeb'?",
    );
    expect(() => create({ protocols: { connect: "all" as unknown as boolean } })).toThrow(
      'createEdge: protocols.connect is "all": it must be true or false, or an array of full names of services',
    );
    expect(() => create({ protocols: { rest: ["callwire.edge.testing.v1.ProbService"] } })).toThrow(
      `createEdge: protocols.rest: there is no service 'callwire.edge.testing.v1.ProbService'; did you mean '${SERVICE}'?`,
    );
  });

  test("has no JSON for messages of another generator", async () => {
    const same = (bytes: Uint8Array) => Buffer.from(bytes);
    const coders = {
      requestSerialize: same,
      requestDeserialize: same,
      responseSerialize: same,
      responseDeserialize: same,
    };
    const echo = {
      path: "/other.Service/Echo",
      requestStream: false,
      responseStream: false,
      ...coders,
      options: {},
    };
    const server = createServer();
    server.add({ echo }, { echo: (bytes: Uint8Array) => Promise.resolve(bytes) });
    const edge = createEdge({ server });
    const ask = (type: string) => {
      const init = { method: "POST", body: "abc", headers: { "content-type": type } };
      return edge.fetch(new Request("http://x/other.Service/Echo", init));
    };
    expect(await (await ask("application/proto")).text()).toBe("abc");
    expect((await ask("application/json")).status).toBe(415);
  });

  test("does not let a rule take the path of a method", () => {
    const { methods } = ProbeServiceDefinition;
    const rule = { method: "POST", path: `${PROBE}/Bind`, body: "*" };
    const query = { ...methods.query, http: [rule] };
    const definition = { ...ProbeServiceDefinition, methods: { ...methods, query } };
    expect(() => create({}, definition)).toThrow(
      `${SERVICE}/Query: the path ${PROBE}/Bind calls a method by its name`,
    );
    expect(create({ protocols: { grpcWeb: false, connect: false } }, definition).routes).toContainEqual({
      httpMethod: "POST",
      path: `${PROBE}/Bind`,
      method: `${SERVICE}/Query`,
    });
  });
});
