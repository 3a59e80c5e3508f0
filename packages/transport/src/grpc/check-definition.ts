import { kindOf } from "./check-options.js";

/**
 * Checks that a value is a definition of a service, of any of the forms that nice-grpc takes.
 *
 * @throws {TypeError} that says what was given instead, and what to do.
 */
export function checkDefinition(definition: unknown): void {
  if (typeof definition === "function" && isObject((definition as { service?: unknown }).service)) {
    throw notOne("a client's class of grpc-js", "give its `service`");
  }
  if (!isObject(definition))
    throw notOne(kindOf(definition), "is its name imported from the generated file?");
  if (definition["kind"] === "service" && "typeName" in definition) {
    throw notOne("a service of protobuf-es", "generate one by protoc-gen-callwire");
  }
  if (typeof definition["typeName"] === "string" && typeof definition["encode"] === "function")
    throw notOne(
      `the message type ${definition["typeName"]}`,
      "import its service's, such as UserServiceDefinition",
    );
  const inside = Object.keys(definition).filter((name) => isGenerated(definition[name]));
  if (inside.length > 0) throw notOne("the module of a contract", `give its ${inside.join(" or ")}`);
  const byTsProto = isGenerated(definition);
  const methods = Object.entries(byTsProto ? (definition["methods"] as object) : definition);
  // A contract may have a service that has none yet; an object with nothing in it says no service's name.
  if (methods.length === 0 && !byTsProto)
    throw notOne("an object without methods", "does the contract's service have any?");
  for (const [name, method] of methods) {
    const parts = isObject(method) ? method : {};
    const complete = byTsProto
      ? typeof parts["name"] === "string" && isObject(parts["requestType"]) && isObject(parts["responseType"])
      : typeof parts["path"] === "string" &&
        typeof parts["requestSerialize"] === "function" &&
        typeof parts["responseDeserialize"] === "function";
    if (complete) continue;
    throw notOne(
      `an object whose '${name}' describes no method`,
      "the definition comes first, and options, channels and handlers after it",
    );
  }
}

/** True for a definition in the generic form of ts-proto, as far as its outermost parts go. */
function isGenerated(definition: unknown): boolean {
  return (
    isObject(definition) && typeof definition["fullName"] === "string" && isObject(definition["methods"])
  );
}

function notOne(what: string, advice: string): TypeError {
  return new TypeError(
    `the service definition is ${what}: it must be one that protoc-gen-callwire, ts-proto or grpc-tools makes; ${advice}`,
  );
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
