import { expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { describeService } from "./service-definition.js";

test("describes a definition by ts-proto", () => {
  const { service, methods } = describeService(EchoServiceDefinition);
  expect(service).toBe("callwire.echo.v1.EchoService");
  expect([...methods.keys()]).toEqual([
    "echoUnary",
    "echoServerStream",
    "echoClientStream",
    "echoBidiStream",
  ]);
  expect(methods.get("echoUnary")).toMatchObject({
    path: "/callwire.echo.v1.EchoService/EchoUnary",
    requestStream: false,
    responseStream: false,
    options: { idempotencyLevel: "IDEMPOTENT" },
  });
});

test("describes a definition by nice-grpc or grpc-js, which has paths", () => {
  const codec = () => Buffer.alloc(0);
  const method = {
    path: "/a.b.Service/Get",
    requestStream: false,
    responseStream: true,
    requestSerialize: codec,
    requestDeserialize: codec,
    responseSerialize: codec,
    responseDeserialize: codec,
  };
  const { service, methods } = describeService({ get: method });
  expect(service).toBe("a.b.Service");
  expect(methods.get("get")).toEqual({
    path: "/a.b.Service/Get",
    requestStream: false,
    responseStream: true,
    options: {},
  });
});

test("a service may have no methods, but it has a name", () => {
  expect(describeService({ name: "Service", fullName: "a.b.Service", methods: {} })).toEqual({
    service: "a.b.Service",
    methods: new Map(),
  });
  expect(() => describeService({})).toThrow("the service definition has no methods");
});
