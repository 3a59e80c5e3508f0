import type { JsonReadOptions } from "@callwire/protobuf";
import { BodyMask } from "../binding/body-mask.js";
import { findField, type AnyMessageType, type FieldPath } from "../binding/field-path.js";
import { RequestBinding, responseBinding, type ResponseBinding } from "../binding/request-binding.js";
import type { EdgeMethod } from "../calls/edge-method.js";
import { httpRulesOf, type HttpRule } from "./http-rule.js";
import { parseTemplate, type PathTemplate } from "./path-template.js";
import { StreamForms } from "../streams/stream-form.js";
import type { Routed } from "./router.js";

/** The fields by which a stream goes on where it was broken off. */
export interface ResumeFields {
  /** Of the request: the position to go on from. */
  readonly request: FieldPath;
  /** Of each response: its position. */
  readonly response: FieldPath;
}

/** The fields of a resource's tag (AIP-154). */
export interface TagFields {
  /** Of the request: the tag that the resource must have. */
  readonly request: FieldPath | undefined;
  /** Of the part of the response that is sent: its tag. */
  readonly response: FieldPath | undefined;
}

/** A rule of a method, ready to be used. */
export interface Route extends Routed {
  readonly method: EdgeMethod;
  readonly template: PathTemplate;
  readonly request: RequestBinding;
  readonly response: ResponseBinding;
  /** Undefined unless the method answers with a stream. */
  readonly streamForms: StreamForms | undefined;
  /** What the call's line has of the route. */
  readonly logFields: Readonly<Record<string, string>>;
  /** Undefined unless the method answers with a stream, and both of its messages have the field. */
  readonly resume: ResumeFields | undefined;
  readonly etags: TagFields;
  /** The field by which a request is known when it is repeated (AIP-155). */
  readonly requestId: FieldPath | undefined;
}

/** What routes are made with. */
export interface RouteSettings {
  readonly read: JsonReadOptions;
  /** The name of the fields of {@link ResumeFields}. */
  readonly resumeField: string;
  /** The name of the fields of {@link TagFields}. */
  readonly etagField: string;
  /** True if the body of a PATCH names what it changes. */
  readonly updateMaskFromBody: boolean;
}

/** The name of the field of AIP-155. */
const REQUEST_ID = "request_id";

/**
 * The routes of methods, by their rules.
 *
 * @throws {Error} that names the method, and says what is wrong with its rule.
 */
export function routesOf(methods: readonly EdgeMethod[], settings: RouteSettings): Route[] {
  return methods.flatMap((method) => {
    const name = method.descriptor.path.slice(1);
    try {
      return httpRulesOf(method.definition).map((rule) => routeOf(method, name, rule, settings));
    } catch (error) {
      throw new Error(`${name}: ${(error as Error).message}`, { cause: error });
    }
  });
}

/** @throws {Error} that says what is wrong with the rule. */
export function routeOf(method: EdgeMethod, name: string, rule: HttpRule, settings: RouteSettings): Route {
  const { requestType, responseType } = typesOf(method);
  const template = parseTemplate(rule.path);
  const where = `the rule ${rule.method} ${rule.path}`;
  try {
    const response = responseBinding(responseType, rule);
    const etags = tagFields(requestType, response, rule, template, settings.etagField);
    const kept = [...template.variables.map(({ fieldPath }) => fieldPath), etags.request?.name ?? ""];
    const mask = settings.updateMaskFromBody
      ? BodyMask.of(requestType, rule, kept, settings.read)
      : undefined;
    const request = new RequestBinding(requestType, rule, template, settings.read, mask);
    if (method.descriptor.requestStream && !request.hasBody)
      throw new Error("has no body, though the method takes a stream of requests");
    const resume = resumeFields(method, requestType, responseType, settings.resumeField);
    const requestId = findField(requestType, REQUEST_ID);
    const logFields = Object.freeze({ "http.request.method": rule.method, "http.route": rule.path });
    const { method: httpMethod } = rule;
    const { responseStream } = method.descriptor;
    const streamForms = responseStream ? new StreamForms(response.httpBody !== undefined) : undefined;
    const binding = { method, name, template, request, response, streamForms };
    return { ...binding, resume, etags, requestId, logFields, httpMethod };
  } catch (error) {
    throw new Error(`${where} ${(error as Error).message}`, { cause: error });
  }
}

function resumeFields(
  { descriptor }: EdgeMethod,
  requestType: AnyMessageType,
  responseType: AnyMessageType,
  name: string,
): ResumeFields | undefined {
  if (!descriptor.responseStream || descriptor.requestStream) return undefined;
  const request = findField(requestType, name);
  const response = findField(responseType, name);
  return request && response && { request, response };
}

/** A request has its resource's tag itself, or in the resource: its body, or the message whose fields its path has. */
function tagFields(
  requestType: AnyMessageType,
  { type, httpBody }: ResponseBinding,
  { body = "" }: HttpRule,
  { variables }: PathTemplate,
  name: string,
): TagFields {
  const resources = variables.map(({ fieldPath }) => fieldPath.split(".").slice(0, -1).join("."));
  const request = ["", body, ...resources]
    .map((inside) => findField(requestType, inside === "" || inside === "*" ? name : `${inside}.${name}`))
    .find((found) => found !== undefined);
  const isMessage = httpBody === undefined && (type as Partial<AnyMessageType>).fields?.() !== undefined;
  return { request, response: isMessage ? findField(type as AnyMessageType, name) : undefined };
}

/** True if protoc-gen-callwire has made a method's messages: only ours are known field by field. */
export function hasOwnTypes({ definition }: EdgeMethod): boolean {
  const { requestType, responseType } = definition as Partial<Record<string, AnyMessageType>>;
  return [requestType, responseType].every(
    (type) => typeof type?.fields === "function" && typeof type.readJson === "function",
  );
}

/** The message types of a method. @throws {Error} if another generator has made them. */
export function typesOf(method: EdgeMethod): { requestType: AnyMessageType; responseType: AnyMessageType } {
  if (!hasOwnTypes(method)) throw new Error("has message types that protoc-gen-callwire has not made");
  return method.definition as { requestType: AnyMessageType; responseType: AnyMessageType };
}
