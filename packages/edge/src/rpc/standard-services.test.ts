import { describe, expect, test } from "@jest/globals";
import { createServer } from "@callwire/server-kit";
import { HealthCheckRequest, HealthCheckResponse } from "@callwire/contracts/grpc/health/v1";
import { ServerReflectionRequest, ServerReflectionResponse } from "@callwire/contracts/grpc/reflection/v1";
import { createEdge, type Edge } from "../create-edge.js";
import type { CommonEdgeOptions } from "../edge-options.js";
import { frame, framesOf } from "../testing/frames.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { probeService } from "../testing/probe-service.js";

const PROBE = ProbeServiceDefinition.fullName;
const HEALTH = "grpc.health.v1.Health";
const REFLECTIONS = ["grpc.reflection.v1.ServerReflection", "grpc.reflection.v1alpha.ServerReflection"];

/** An edge before a server that refuses every call of the services that were added. */
function create(options: CommonEdgeOptions = {}, reflection?: Uint8Array) {
  const refuse = {
    name: "refuse",
    arrived() {
      throw new Error("refused");
    },
  };
  const server = createServer({ middleware: [refuse], ...(reflection && { reflection }) });
  server.add(ProbeServiceDefinition, probeService());
  return { server, edge: createEdge({ server, ...options }) };
}

async function ask(edge: Edge, path: string, type: string, body: Uint8Array | string) {
  const init = { method: "POST", body: body as string, headers: { "content-type": type } };
  const response = await edge.fetch(new Request(`http://x/${path}`, init));
  return { status: response.status, body: Buffer.from(await response.arrayBuffer()) };
}

describe("health is served as by gRPC, without middleware", () => {
  const serving = { status: "SERVING" };

  test("by Connect", async () => {
    const { edge, server } = create();
    const check = async (service: string) => {
      const { status, body } = await ask(
        edge,
        `${HEALTH}/Check`,
        "application/json",
        JSON.stringify({ service }),
      );
      return [status, JSON.parse(body.toString()) as unknown];
    };
    expect([await check(""), await check(PROBE)]).toEqual([
      [200, serving],
      [200, serving],
    ]);
    expect(await check("none")).toMatchObject([404, { code: "not_found" }]);
    expect(await check(REFLECTIONS[0]!)).toMatchObject([404, { code: "not_found" }]);
    server.health.set(PROBE, "NOT_SERVING");
    expect(await check(PROBE)).toEqual([200, { status: "NOT_SERVING" }]);
  });

  test("by gRPC-Web, and as a stream that ends with the server", async () => {
    const { edge, server } = create();
    const request = frame(0, HealthCheckRequest.encode({ service: PROBE }).finish());
    const { body } = await ask(edge, `${HEALTH}/Check`, "application/grpc-web", request);
    const [message, last] = framesOf(body);
    expect(HealthCheckResponse.toJSON(HealthCheckResponse.decode(message![1]))).toEqual(serving);
    expect(last![1].toString()).toMatch(/^grpc-status: 0\r\n/);
    const init = { method: "POST", body: frame(0, "{}") as Uint8Array<ArrayBuffer> };
    const headers = { "content-type": "application/connect+json" };
    const watch = await edge.fetch(new Request(`http://x/${HEALTH}/Watch`, { ...init, headers }));
    const chunks: Uint8Array[] = [];
    let stopping: Promise<unknown> | undefined;
    for await (const chunk of watch.body!) {
      chunks.push(chunk);
      stopping ??= server.shutdown();
    }
    await stopping;
    const frames = framesOf(Buffer.concat(chunks)).map(([, data]) => JSON.parse(data.toString()) as object);
    expect(frames).toMatchObject([
      serving,
      { status: "NOT_SERVING" },
      { error: { code: "unavailable", message: expect.stringContaining("the server is stopping") } },
    ]);
  });

  test("unless the services are named, and it is none of them", async () => {
    const { edge } = create({ protocols: { connect: [PROBE], grpcWeb: [HEALTH] } });
    expect((await ask(edge, `${HEALTH}/Check`, "application/json", "{}")).status).toBe(415);
    expect((await ask(edge, `${HEALTH}/Check`, "application/grpc-web", frame(0, ""))).status).toBe(200);
    expect(() => create({ protocols: { connect: ["grpc.health.v1.Heath"] } })).toThrow(
      "there is no service 'grpc.health.v1.Heath'; did you mean 'grpc.health.v1.Health'?",
    );
  });
});

describe("reflection", () => {
  const listServices = { host: "", messageRequest: { $case: "listServices", value: "" } } as const;
  const question = frame(0, ServerReflectionRequest.encode(listServices).finish());

  test.each(REFLECTIONS)("is served where it is on, as by gRPC: %s", async (name) => {
    const { edge } = create({}, descriptorSet);
    for (const type of ["application/connect+proto", "application/grpc-web"]) {
      // oxlint-disable-next-line no-await-in-loop
      const { body } = await ask(edge, `${name}/ServerReflectionInfo`, type, question);
      const { messageResponse } = ServerReflectionResponse.decode(framesOf(body)[0]![1]);
      expect(messageResponse?.value).toEqual({
        service: [PROBE, HEALTH, ...REFLECTIONS].map((each) => ({ name: each })),
      });
    }
  });

  test("is not there where it is off", async () => {
    const { edge } = create();
    for (const name of REFLECTIONS) {
      // oxlint-disable-next-line no-await-in-loop
      const { status, body } = await ask(
        edge,
        `${name}/ServerReflectionInfo`,
        "application/connect+proto",
        question,
      );
      expect([status, JSON.parse(body.toString())]).toMatchObject([404, { code: "unimplemented" }]);
    }
    expect(() => create({ protocols: { connect: [REFLECTIONS[0]!] } })).toThrow("there is no service");
  });
});
