import { fromJsonText, type JsonReadOptions, type MessageField } from "@callwire/protobuf";
import { EdgeError } from "../errors/edge-error.js";
import type { HttpRule } from "../routing/http-rule.js";
import { messageTypeOf, setField, valueOf, type AnyMessageType, type Properties } from "./field-path.js";
import { isFieldMask, maskOf } from "./text-form.js";

/** The most characters of a mask that a body fills: each name in a deep body has all those around it. */
export const MAX_MASK_LENGTH = 64 * 1024;

/** An object of JSON. */
type JsonObject = Readonly<Record<string, unknown>>;

/** Names in an update's mask what its body has, where the request has no mask. */
export class BodyMask {
  readonly #mask: MessageField;
  readonly #body: AnyMessageType;
  readonly #kept: ReadonlySet<string>;
  readonly #options: JsonReadOptions;

  private constructor(
    mask: MessageField,
    body: AnyMessageType,
    kept: ReadonlySet<string>,
    options: JsonReadOptions,
  ) {
    this.#mask = mask;
    this.#body = body;
    this.#kept = kept;
    this.#options = options;
  }

  /**
   * The mask that a rule's requests have: of a PATCH whose body is one message, if the request has one field for a mask.
   *
   * @param kept The paths of fields in the request that are no change: what names the resource, and its tag.
   */
  static of(
    type: AnyMessageType,
    { method, body = "" }: HttpRule,
    kept: readonly string[],
    options: JsonReadOptions,
  ): BodyMask | undefined {
    const fields = type.fields();
    if (method !== "PATCH" || fields === undefined) return undefined;
    const { list, byKey } = fields;
    const masks = list.filter((field) => isFieldMask(field.type));
    const field = byKey.get(body);
    const inside = field && messageTypeOf(field);
    if (masks.length !== 1 || field === undefined || inside === undefined) return undefined;
    const prefix = `${field.name}.`;
    const names = kept.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
    return new BodyMask(masks[0]!, inside, new Set(names), options);
  }

  /** The mask's name in JSON. */
  get jsonName(): string {
    return this.#mask.jsonName;
  }

  /**
   * Sets the mask of a message that has none, by a body that was read already.
   *
   * @throws {EdgeError} if it would be longer than {@link MAX_MASK_LENGTH}.
   */
  fill(message: Properties, body: Uint8Array): void {
    const given = valueOf(message, this.#mask) as string[] | { paths: string[] } | undefined;
    if (given !== undefined && (Array.isArray(given) ? given : given.paths).length > 0) return;
    const json: unknown = JSON.parse(new TextDecoder().decode(body));
    if (!isObject(json)) return;
    const paths: string[] = [];
    let length = 0;
    for (const path of this.#pathsOf(this.#body, json, "")) {
      paths.push(path);
      if ((length += path.length) <= MAX_MASK_LENGTH) continue;
      const advice = `name what changes by ${this.#mask.name}`;
      throw new EdgeError(
        "BODY_TOO_LARGE",
        `the names in the body have more than ${MAX_MASK_LENGTH} characters: ${advice}`,
      );
    }
    if (paths.length === 0) return;
    setField(message, this.#mask, maskOf(this.#mask.type, paths));
  }

  *#pathsOf(type: AnyMessageType, json: JsonObject, prefix: string): Generator<string, void, undefined> {
    const { byKey } = type.fields()!;
    for (const [key, value] of Object.entries(json)) {
      const field = byKey.get(key);
      if (field === undefined) continue;
      const path = prefix + field.name;
      if (this.#kept.has(path) || this.#isPassedOver(field, value)) continue;
      const inside = messageTypeOf(field);
      const isWhole = inside === undefined || !isObject(value) || Object.keys(value).length === 0;
      if (isWhole) yield path;
      else yield* this.#pathsOf(inside, value, `${path}.`);
    }
  }

  /** True for an enum's name that there is not, where that is no error: naming its field would clear it. */
  #isPassedOver({ type }: MessageField, value: unknown): boolean {
    if (this.#options.ignoreUnknownFields !== true || typeof value !== "string") return false;
    return fromJsonText<unknown>(type, JSON.stringify(value), this.#options) === undefined;
  }
}

function isObject(json: unknown): json is JsonObject {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
