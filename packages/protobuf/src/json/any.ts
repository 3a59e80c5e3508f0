import { isNot, JsonError } from "./json-error.js";
import type { JsonForm } from "./message-json.js";
import { MAX_JSON_DEPTH, type JsonRegistry, type RegisteredMessage } from "./options.js";
import { readPlainObject, writePlainObject } from "./plain.js";
import type { JsonObject } from "./values.js";

/** The messages whose JSON is no object of their fields: inside an Any it is the property `value`. */
const HAS_JSON_FORM =
  /^google\.protobuf\.(?:Any|Timestamp|Duration|FieldMask|Struct|(?:Bool|Bytes|Double|Float|U?Int(?:32|64)|List|String)?Value)$/;

function typeOf(registry: JsonRegistry | undefined, typeUrl: string): RegisteredMessage {
  const slash = typeUrl.lastIndexOf("/");
  const type = slash < 0 ? undefined : registry?.message(typeUrl.slice(slash + 1));
  if (type === undefined) throw isNot("the URL of a type in the registry", typeUrl);
  return type;
}

/** True for an Empty as Go writes it, with a value of its own. */
function isEmptyInGo({ typeName }: RegisteredMessage, rest: JsonObject): boolean {
  return typeName === "google.protobuf.Empty" && JSON.stringify(rest) === '{"value":{}}';
}

/** google.protobuf.Any as a message (any.proto, "JSON"). The type of what it has is looked up in the options' registry. */
export const anyJson: JsonForm<{ typeUrl: string; value: Uint8Array }> = {
  writeJson({ typeUrl, value }, sink) {
    if (typeUrl === "" && value.length === 0) return writePlainObject({}, sink);
    const type = typeOf(sink.options.registry, typeUrl);
    const json = type.toJSON(type.decode(value) as never, sink.options);
    const rest = HAS_JSON_FORM.test(type.typeName) ? { value: json } : (json as JsonObject);
    writePlainObject({ "@type": typeUrl, ...rest }, sink);
  },
  readJson(source) {
    const { options } = source;
    // Its type may stand last.
    const { "@type": typeUrl, ...rest } = readPlainObject(source);
    if (typeUrl === undefined && Object.keys(rest).length === 0)
      return { typeUrl: "", value: new Uint8Array(0) };
    if (typeof typeUrl !== "string") throw isNot("the URL of a type", typeUrl);
    const type = typeOf(options.registry, typeUrl);
    const { maxDepth = MAX_JSON_DEPTH } = options;
    const inner = { ...options, maxDepth: maxDepth - 1 };
    let message: unknown;
    if (HAS_JSON_FORM.test(type.typeName)) {
      const [key, second] = Object.keys(rest);
      if (key !== "value" || second !== undefined)
        throw new JsonError(`an Any of ${type.typeName} has a value alone`);
      message = type.fromJSON(rest["value"], inner);
    } else message = type.fromJSON(isEmptyInGo(type, rest) ? {} : rest, inner);
    return { typeUrl, value: type.encode(message as never).finish() };
  },
};
