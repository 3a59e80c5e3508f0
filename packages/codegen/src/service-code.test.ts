import { expect, test } from "@jest/globals";
import { compile, describeContracts, generateModules } from "./testing/generate-and-compile.js";

const contract = `syntax = "proto3";
package a;
import "google/protobuf/descriptor.proto";
message Rule { string text = 1; repeated int32 numbers = 2; }
extend google.protobuf.MethodOptions { Rule rule = 50001; repeated string tags = 50002; int32 number = 50003; }
message M {}
// A service */ with
//   indent
service S {
  option deprecated = true;
  // One.
  rpc One(M) returns (M) {
    option deprecated = true;
    option idempotency_level = IDEMPOTENT;
    option (rule) = {text: "x", numbers: [1, 2]};
    option (tags) = "a";
    option (tags) = "b";
    option (number) = 7;
  }
  rpc Two(stream M) returns (stream M); // trailing
}
`;

/** ts-proto makes the same of it, with the options of `tsProtoOptions`. */
const definition = `/**
 * A service * / with
 *   indent
 *
 * @deprecated
 */
export type SDefinition = typeof SDefinition;
export const SDefinition = {
  name: "S",
  fullName: "a.S",
  methods: {
    /**
     * One.
     *
     * @deprecated
     */
    one: {
      name: "One",
      requestType: M as typeof M,
      requestStream: false,
      responseType: M as typeof M,
      responseStream: false,
      options: {
        idempotencyLevel: "IDEMPOTENT",
        _unknownFields: {
          400010: [new Uint8Array([7, 10, 1, 120, 18, 2, 1, 2]) as Uint8Array],
          400018: [new Uint8Array([1, 97]) as Uint8Array, new Uint8Array([1, 98]) as Uint8Array],
          400024: [new Uint8Array([7]) as Uint8Array],
        },
      },
    },
    /** trailing */
    two: {
      name: "Two",
      requestType: M as typeof M,
      requestStream: true,
      responseType: M as typeof M,
      responseStream: true,
      options: {},
    },
  },
} as const;
`;

test("a service's definition has comments, streams and options, those of other files as bytes", () => {
  const modules = generateModules(describeContracts({ "a.proto": contract }));
  expect(modules.get("a.ts")).toContain(definition);
  using _ = compile(modules);
});
