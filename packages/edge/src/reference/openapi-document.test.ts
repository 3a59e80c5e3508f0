import { readFileSync } from "node:fs";
import { expect, test } from "@jest/globals";
import { send, serveEdge } from "../testing/serve-edge.js";

interface Schema {
  readonly $ref?: string;
  readonly type?: string;
  readonly format?: string;
  readonly enum?: readonly string[];
  readonly examples?: readonly string[];
  readonly items?: Schema;
  readonly oneOf?: readonly Schema[];
  readonly propertyNames?: { readonly pattern: string };
  readonly additionalProperties?: Schema;
}
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly schema?: Schema;
}

/** Of the probe, by protoc-gen-callwire. */
const document = JSON.parse(
  readFileSync(new URL("../testing/gen/openapi.json", import.meta.url), "utf8"),
) as {
  paths: Record<string, { get: { parameters: Parameter[] } }>;
  components: { schemas: Record<string, Schema> };
};

/** A value of a schema, as the text of a query. */
function valueOf(schema: Schema): string {
  const { $ref, type, examples, items, oneOf } = schema;
  if ($ref !== undefined) return valueOf(document.components.schemas[$ref.split("/").at(-1)!]!);
  if (oneOf !== undefined) return valueOf(oneOf[0]!);
  if (items !== undefined) return valueOf(items);
  if (type === "integer" || type === "number") return "1";
  return type === "boolean" ? "true" : (examples?.[0] ?? schema.enum?.at(-1) ?? "text");
}

/** A parameter as its schema says: JSON, an entry of a map, or a text. */
function queryOf({ name, schema }: Parameter): string {
  if (schema === undefined) return `${name}=${encodeURIComponent("{}")}`;
  if (schema.additionalProperties === undefined) return `${name}=${encodeURIComponent(valueOf(schema))}`;
  const { pattern = "" } = schema.propertyNames ?? {};
  const key = pattern.includes("true") ? "true" : "1";
  return `${name}[${key}]=${encodeURIComponent(valueOf(schema.additionalProperties))}`;
}

test("the edge takes each parameter that the document of its contract has", async () => {
  await using served = await serveEdge();
  const { parameters } = document.paths["/v1/query"]!.get;
  const answers = await Promise.all(
    parameters.map(async (parameter) => {
      const query = queryOf(parameter);
      const { status, text } = await send(`${served.url}/v1/query?${query}`);
      return { query, isTaken: status === 200 && text !== "{}" };
    }),
  );
  expect(answers.filter(({ isTaken }) => !isTaken)).toEqual([]);
  expect(answers.length).toBeGreaterThan(30);
});
