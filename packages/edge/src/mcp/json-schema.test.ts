import { setExtension } from "@callwire/protobuf";
import { describe, expect, test } from "@jest/globals";
import { AjvJsonSchemaValidator } from "@modelcontextprotocol/server/validators/ajv";
import { contractOf, readContract } from "../descriptors/contract.js";
import { FieldBehavior, fieldBehavior } from "../descriptors/gen/google/api/field_behavior.js";
import {
  FieldDescriptorProto_Type as Type,
  FileDescriptorProto,
} from "../descriptors/gen/google/protobuf/descriptor.js";
import { everything } from "../testing/everything.js";
import { QueryRequest } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { inputSchema, outputSchema, type Schema } from "./json-schema.js";

const query = readContract(descriptorSet).messages.get(QueryRequest.typeName)!;
const validator = new AjvJsonSchemaValidator();

describe("the schema of a message with a field of every type", () => {
  test.each<[string, typeof inputSchema, object]>([
    ["input", inputSchema, {}],
    ["output", outputSchema, {}],
    ["output, by names of the contract", outputSchema, { originalNames: true, enumsAsIntegers: true }],
  ])("fits what the codec writes: %s", (_, schemaOf, options) => {
    const isValid = validator.getValidator(schemaOf(query, options));
    const message = QueryRequest.fromJSON(everything);
    if (schemaOf === inputSchema) message.colors = [1];
    expect(isValid(QueryRequest.toJSON(message, options))).toMatchObject({ valid: true });
  });

  test.each<[string, object]>([
    ["a misspelt name", { int32Valu: 1 }],
    ["a name that the enum does not have", { color: "RED" }],
    ["a number that is no text", { int64Value: 5.5 }],
    ["a wrong value inside", { messageMap: { a: { nested: { ints: ["1"] } } } }],
  ])("refuses %s", (_, given) => {
    expect(validator.getValidator(inputSchema(query, {}))(given)).toMatchObject({ valid: false });
  });

  test("passes over what the edge passes over", () => {
    const isValid = validator.getValidator(inputSchema(query, { ignoreUnknownFields: true }));
    expect(isValid({ int32Valu: 1 })).toMatchObject({ valid: true });
  });
});

test("google.api.field_behavior says what is required, and what only the server sets", () => {
  const { messageType } = FileDescriptorProto.create({
    messageType: [
      {
        name: "M",
        field: [
          { name: "a_b", number: 1, type: Type.TYPE_STRING, options: {} },
          { name: "c", number: 2, type: Type.TYPE_STRING, options: {} },
        ],
      },
    ],
  });
  const [first, second] = messageType[0]!.field;
  setExtension(first!.options!, fieldBehavior, [FieldBehavior.REQUIRED]);
  setExtension(second!.options!, fieldBehavior, [FieldBehavior.OUTPUT_ONLY]);
  const file = { ...FileDescriptorProto.create(), messageType };
  const schema: Schema = inputSchema(contractOf([file]).messages.get("M")!, {});
  expect(schema).toEqual({
    type: "object",
    properties: { aB: { type: "string" }, c: { type: "string", readOnly: true } },
    required: ["aB"],
    additionalProperties: false,
  });
});

test("names and comments that mean something elsewhere are names and comments", () => {
  const comment = "</script><script>alert(1)</script>";
  const names = ["__proto__", "constructor", "toString"];
  const file = FileDescriptorProto.create({
    sourceCodeInfo: { location: [{ path: [4, 0], leadingComments: comment }] },
    messageType: names.map((name) => ({
      name,
      field: names.map((field, index) => ({
        name: field,
        jsonName: field,
        number: index + 1,
        type: Type.TYPE_MESSAGE,
        typeName: `.${field}`,
      })),
    })),
  });
  const { messages } = contractOf([file]);
  const written = JSON.stringify(inputSchema(messages.get("__proto__")!, {}));
  const properties = names.map((name) => `"${name}":{"$ref":"#/$defs/${name}"}`).join(",");
  const message = `{"type":"object","properties":{${properties}},"additionalProperties":false}`;
  const commented = message.replace(",", `,"description":${JSON.stringify(comment)},`);
  const definitions = [`"__proto__":${commented}`, ...names.slice(1).map((name) => `"${name}":${message}`)];
  expect(written).toBe(`${commented.slice(0, -1)},"$defs":{${definitions.join(",")}}}`);
});
