import type { ServiceImplementation } from "@callwire/server-kit";
import type { HttpRule } from "../routing/http-rule.js";
import { KindsServiceDefinition } from "./gen/callwire/edge/testing/v1/kinds_service.js";
import type { Seen } from "./probe-service.js";

/** Fields of each kind that is one value, and others that a path may have. */
const SCALARS =
  "double_value float_value int32_value int64_value uint32_value uint64_value sint32_value sint64_value fixed32_value fixed64_value sfixed32_value sfixed64_value bool_value text bytes_value level";
const OTHERS = "optional_int32 chosen_text timestamp duration int64_wrapper mask inner.inner.text";

const pathOf = (fields: string) =>
  fields
    .split(" ")
    .map((field) => `{kinds.${field}}`)
    .join("/");

/** The rules of Echo. They are not in the contract: its OpenAPI document would have thousands of parameters. */
const kindsRules: readonly HttpRule[] = [
  { method: "POST", path: "/v1/kinds", body: "kinds", responseBody: "kinds" },
  { method: "GET", path: "/v1/kinds", responseBody: "kinds" },
  { method: "PUT", path: "/v1/kinds/{kinds.text}", body: "*" },
  { method: "PATCH", path: "/v1/kinds/{kinds.text}", body: "kinds" },
  { method: "DELETE", path: "/v1/kinds/{kinds.text}" },
  { method: "HEAD", path: "/v1/kinds/{kinds.text}" },
  { method: "OPTIONS", path: "/v1/kinds/{kinds.text}" },
  { method: "TRACE", path: "/v1/kinds/{kinds.text}" },
  { method: "GET", path: `/v1/scalars/${pathOf(SCALARS)}`, responseBody: "kinds" },
  { method: "GET", path: `/v1/others/${pathOf(OTHERS)}`, responseBody: "kinds" },
  { method: "GET", path: "/v1/files/{kinds.text=**}", responseBody: "kinds" },
  { method: "POST", path: "/v1/lists", body: "texts", responseBody: "texts" },
  { method: "POST", path: "/v1/maps", body: "texts", responseBody: "by_text" },
  { method: "POST", path: "/v1/numbers", body: "number", responseBody: "number" },
  { method: "POST", path: "/v1/choices", body: "one", responseBody: "one" },
];

/** The definition of the service with its rules, by generated code or by descriptors. */
export function withKindsRules<T extends object>(definition: T): T {
  const { echo } = (definition as { readonly methods: { readonly echo: object } }).methods;
  return { ...definition, methods: { echo: { ...echo, http: kindsRules } } };
}

export const KindsDefinition = withKindsRules(KindsServiceDefinition);

/** Sends back what it is sent; as a map, the length of each text. */
export function kindsService(seen: Pick<Seen, "masks">): ServiceImplementation<KindsServiceDefinition> {
  return {
    async echo(request) {
      seen.masks.push(request.updateMask ?? []);
      return { ...request, byText: new Map(request.texts.map((text) => [text, text.length])) };
    },
  };
}
