import { getExtension } from "@callwire/protobuf";
import type { CompatServiceDefinition } from "@callwire/transport/client";
import type { AnyMessageType } from "../binding/field-path.js";
import type { HttpRule } from "../routing/http-rule.js";
import type { DescribedMethod, DescribedService } from "./contract.js";
import { http } from "./gen/google/api/annotations.js";
import type { HttpRule as AnnotatedRule } from "./gen/google/api/http.js";
import { MethodOptions_IdempotencyLevel as IdempotencyLevel } from "./gen/google/protobuf/descriptor.js";

const idempotencyLevels: Readonly<Record<number, string>> = {
  [IdempotencyLevel.IDEMPOTENT]: "IDEMPOTENT",
  [IdempotencyLevel.NO_SIDE_EFFECTS]: "NO_SIDE_EFFECTS",
};

/**
 * The definition of a service, as protoc-gen-callwire makes it.
 *
 * @throws {Error} that names the method, if its rules are no rules of google.api.http.
 */
export function definitionOf(
  { name, typeName, methods }: DescribedService,
  types: ReadonlyMap<string, AnyMessageType>,
): CompatServiceDefinition {
  const entries = methods.map((method) => {
    const { request, response, proto } = method;
    const rules = httpRulesOf(method, `${typeName}/${method.name}`);
    const level = idempotencyLevels[proto.options?.idempotencyLevel ?? 0];
    const definition = {
      name: method.name,
      requestType: types.get(request.typeName)!,
      requestStream: proto.clientStreaming === true,
      responseType: types.get(response.typeName)!,
      responseStream: proto.serverStreaming === true,
      ...(rules.length > 0 && { http: rules }),
      options: level === undefined ? {} : { idempotencyLevel: level },
    };
    return [method.name.charAt(0).toLowerCase() + method.name.slice(1), definition] as const;
  });
  return { name, fullName: typeName, methods: Object.fromEntries(entries) } as CompatServiceDefinition;
}

/** The rules of google.api.http that a method has. */
export function httpRulesOf({ proto }: DescribedMethod, name: string): HttpRule[] {
  const rule = proto.options && getExtension(proto.options, http);
  return rule === undefined ? [] : [rule, ...rule.additionalBindings].map((each) => toRule(each, name));
}

function toRule({ pattern, body, responseBody }: AnnotatedRule, name: string): HttpRule {
  if (pattern === undefined) throw new Error(`${name}: google.api.http has a rule without a path`);
  const isCustom = pattern.$case === "custom";
  return {
    method: isCustom ? pattern.value.kind : pattern.$case.toUpperCase(),
    path: isCustom ? pattern.value.path : pattern.value,
    ...(body !== "" && { body }),
    ...(responseBody !== "" && { responseBody }),
  };
}
