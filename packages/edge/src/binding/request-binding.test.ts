import { expect, test } from "@jest/globals";
import { readContract } from "../descriptors/contract.js";
import { messageTypesOf } from "../descriptors/message-types.js";
import { parseTemplate } from "../routing/path-template.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { QueryRequest } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { RequestBinding } from "./request-binding.js";

// A oneof is one property in generated code, and one for each member in types made of descriptors.
test.each([
  ["generated", QueryRequest],
  ["made of descriptors", messageTypesOf(readContract(descriptorSet)).get(QueryRequest.typeName)!],
])("a member of a oneof that the path has takes the place of the one in the body: %s", (_, type) => {
  const rule = { method: "POST", path: "/v1/{choice_text}", body: "*" };
  const binding = new RequestBinding(type, rule, parseTemplate(rule.path), {});
  const body = Buffer.from('{"choiceNumber": 1, "stringValue": "a"}');
  const message = binding.message({ pathValues: ["x"], query: [] }, body);
  expect(type.toJSON(message as never)).toEqual({ choiceText: "x", stringValue: "a" });
});
