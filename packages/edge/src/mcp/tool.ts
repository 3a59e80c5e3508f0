import { didYouMean } from "@callwire/transport/client";
import type { AnyMessageType } from "../binding/field-path.js";
import { RequestBinding } from "../binding/request-binding.js";
import type { EdgeMethod } from "../calls/edge-method.js";
import type { Contract, DescribedMethod } from "../descriptors/contract.js";
import { parseTemplate } from "../routing/path-template.js";
import { typesOf } from "../routing/route.js";
import type { EdgeSettings } from "../serve/settings.js";
import { inputSchema, isJsonObject, listSchema, outputSchema, type ObjectSchema } from "./json-schema.js";
import type { McpTool } from "./mcp-options.js";

/** A method as a tool. */
export interface Tool {
  readonly method: EdgeMethod;
  /** The method's full name, as `users.UserService/GetUser`. */
  readonly name: string;
  /** What the call's line has of the tool. */
  readonly logFields: Readonly<Record<string, string>>;
  readonly request: RequestBinding;
  readonly responseType: AnyMessageType;
  /** As clients see it (Model Context Protocol, "Tools"). */
  readonly shown: {
    readonly name: string;
    readonly description: string;
    readonly inputSchema: ObjectSchema;
    readonly outputSchema?: ObjectSchema;
    readonly annotations: { readonly readOnlyHint: boolean; readonly idempotentHint: boolean };
  };
}

/** A rule by which all of a request is in its body. */
const BODY = { method: "POST", path: "/", body: "*" } as const;

/**
 * The tools of some methods, by their names.
 *
 * @param route The path at which they are served.
 * @throws {Error} that says which method cannot be one.
 */
export function toolsOf(
  wanted: readonly McpTool[],
  methods: readonly EdgeMethod[],
  contract: Contract,
  route: string,
  settings: EdgeSettings,
): ReadonlyMap<string, Tool> {
  const served = new Map(methods.map((method) => [method.descriptor.path.slice(1), method]));
  const tools = new Map<string, Tool>();
  for (const each of wanted) {
    const { method: path } = each;
    const method = served.get(path);
    if (method === undefined)
      throw new Error(`mcp: there is no method '${path}'${didYouMean(path, served.keys())}`);
    try {
      const tool = toolOf(each, method, describedMethod(path, contract), route, settings);
      const { name } = tool.shown;
      if (tools.has(name)) throw new Error(`has the tool's name '${name}', as another one: give it a name`);
      tools.set(name, tool);
    } catch (error) {
      throw new Error(`mcp: ${path} ${(error as Error).message}`, { cause: error });
    }
  }
  return tools;
}

function describedMethod(path: string, { services }: Contract): DescribedMethod {
  const [service = "", name] = path.split("/");
  const found = services.get(service)?.methods.find((method) => method.name === name);
  if (found === undefined) throw new Error("is not in the descriptors: give those of its contract");
  return found;
}

function toolOf(
  { method: path, name = path.slice(path.lastIndexOf("/") + 1), description }: McpTool,
  method: EdgeMethod,
  { request, response, comment, proto }: DescribedMethod,
  route: string,
  settings: EdgeSettings,
): Tool {
  const { requestStream, responseStream } = method.descriptor;
  if (requestStream) throw new Error("takes a stream of requests, and a tool takes one");
  if (!isJsonObject(request)) throw new Error(`takes ${request.typeName}, which is no object in JSON`);
  const { requestType, responseType } = typesOf(method);
  const json = { ...settings.write, ...settings.read };
  const output = responseStream
    ? streamSchema(listSchema(response, json))
    : isJsonObject(response)
      ? outputSchema(response, json)
      : undefined;
  const { idempotencyLevel } =
    (method.definition as { options?: { idempotencyLevel?: string } }).options ?? {};
  const readOnlyHint = idempotencyLevel === "NO_SIDE_EFFECTS";
  // Some clients want a description.
  const about = description ?? (comment || `Calls ${path}.`);
  return {
    method,
    name: path,
    logFields: { "http.request.method": "POST", "http.route": route, "gen_ai.tool.name": name },
    request: new RequestBinding(requestType, BODY, parseTemplate(BODY.path), settings.read),
    responseType,
    shown: {
      name,
      description: proto.options?.deprecated ? `${about}\n\nDeprecated.` : about,
      inputSchema: inputSchema(request, json),
      ...(output !== undefined && { outputSchema: output }),
      annotations: { readOnlyHint, idempotentHint: readOnlyHint || idempotencyLevel === "IDEMPOTENT" },
    },
  };
}

/** What a tool answers with for a stream. */
function streamSchema({ items, $defs }: ReturnType<typeof listSchema>): ObjectSchema {
  return {
    type: "object",
    properties: {
      messages: { type: "array", items, description: "The messages of the stream, in their order." },
      complete: {
        type: "boolean",
        description: "False if the stream was left at a limit: there may be more messages.",
      },
    },
    required: ["messages", "complete"],
    $defs,
  };
}
