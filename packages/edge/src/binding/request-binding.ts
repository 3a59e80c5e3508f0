import type { AnyFieldType, JsonReadOptions, MessageField } from "@callwire/protobuf";
import { invalidArgument, type FieldViolation } from "@callwire/server-kit";
import type { HttpRule } from "../routing/http-rule.js";
import type { PathTemplate } from "../routing/path-template.js";
import { ParameterBinder } from "./bind-parameters.js";
import {
  findField,
  setField,
  valueAt,
  type AnyMessageType,
  type FieldPath,
  type Properties,
} from "./field-path.js";
import type { BodyMask } from "./body-mask.js";
import { HttpBodyType, type RawBody } from "./http-body.js";
import type { QueryFault, QueryParameter } from "./query.js";
import { readJson } from "./read-json.js";

/** What a request has for a message, beside its body. */
export interface RequestParts {
  /** The values of the template's variables, in their order; undefined for one that is no UTF-8. */
  readonly pathValues: readonly (string | undefined)[];
  readonly query: readonly (QueryParameter | QueryFault)[];
}

const NULL = /^[\t\n\r ]*null[\t\n\r ]*$/;
const EMPTY_OBJECT = /^[\t\n\r ]*\{[\t\n\r ]*\}[\t\n\r ]*$/;

/** True for a body in JSON that says nothing. */
export function isEmptyObject(body: Uint8Array): boolean {
  return EMPTY_OBJECT.test(textOf(body));
}

function textOf(body: Uint8Array): string {
  return new TextDecoder().decode(body);
}

/** Makes the messages of a route's requests: of path, query and body, as its rule says. */
export class RequestBinding {
  readonly #type: AnyMessageType;
  readonly #pathFields: readonly FieldPath[];
  /** The field that the body is; undefined for the whole message, or without a body. */
  readonly #bodyField: MessageField | undefined;
  readonly #options: JsonReadOptions;
  readonly #parameters: ParameterBinder;
  readonly #mask: BodyMask | undefined;
  /** True if the rule takes a body. */
  readonly hasBody: boolean;
  /** The name in JSON of the mask that the body fills; undefined if it fills none. */
  readonly bodyMask: string | undefined;
  /** Undefined unless the body is a google.api.HttpBody, and then of any type. */
  readonly httpBody: HttpBodyType | undefined;

  /**
   * @param mask Names what a body has, where the request has no mask.
   * @throws {Error} that says what is wrong with the rule.
   */
  constructor(
    type: AnyMessageType,
    rule: HttpRule,
    template: PathTemplate,
    options: JsonReadOptions,
    mask?: BodyMask,
  ) {
    this.#type = type;
    this.#mask = mask;
    this.bodyMask = mask?.jsonName;
    this.#options = options;
    this.#pathFields = template.variables.map(({ fieldPath }) => pathField(type, fieldPath));
    const { body = "" } = rule;
    this.hasBody = body !== "";
    this.#bodyField = body === "" || body === "*" ? undefined : topLevelField(type, body, "body");
    this.httpBody = this.hasBody ? HttpBodyType.of(this.#bodyField?.type ?? type) : undefined;
    const taken = new Map(this.#pathFields.map(({ name }) => [name, "by the path"]));
    if (body === "*") taken.set("*", "in the body");
    if (this.#bodyField !== undefined) taken.set(this.#bodyField.name, "in the body");
    this.#parameters = new ParameterBinder(type, taken, options);
  }

  /**
   * Makes a message.
   *
   * @param body JSON; undefined if there is none, and then the fields of a body have their defaults.
   * @param place The message's place in a stream, as `[3]`; empty for the only one.
   * @throws {ServiceError} INVALID_ARGUMENT, with a BadRequest that names every wrong field at once.
   */
  message(parts: RequestParts, body: Uint8Array | undefined, place = ""): Properties {
    const violations: FieldViolation[] = [];
    const message = this.bind(parts, this.#start(body, place, violations), violations);
    if (body !== undefined && body.length > 0) this.#mask?.fill(message, body);
    return message;
  }

  /**
   * Makes a message whose body is a google.api.HttpBody.
   *
   * @throws {ServiceError} As {@link message}.
   */
  messageOf(parts: RequestParts, body: RawBody): Properties {
    const value = this.httpBody!.make(body);
    return this.bind(parts, this.#bodyField === undefined ? value : this.#around(this.#bodyField, value));
  }

  /**
   * Makes a message of its binary form, which has the whole of it.
   *
   * @throws {ProtobufError} for bytes that are no such message.
   * @throws {ServiceError} As {@link message}.
   */
  decode(parts: RequestParts, bytes: Uint8Array): Properties {
    return this.bind(parts, this.#type.decode(bytes) as Properties);
  }

  /**
   * Sets what path and query have in a message that came otherwise.
   *
   * @param violations What is wrong with the message already.
   * @throws {ServiceError} As {@link message}.
   */
  bind(
    { pathValues, query }: RequestParts,
    message: Properties,
    violations: FieldViolation[] = [],
  ): Properties {
    // The path first: a query that has another member of a oneof is told so.
    for (const [index, field] of this.#pathFields.entries()) {
      const value = pathValues[index];
      const violation =
        value === undefined
          ? { field: field.name, description: "percent-encoding that is no UTF-8" }
          : this.#parameters.bindText(message, field, value);
      if (violation !== undefined) violations.push(violation);
    }
    if (query.length > 0) violations.push(...this.#parameters.bindQuery(message, query));
    if (violations.length > 0) throw wrongFields(violations);
    return message;
  }

  /** Sets a field by a text of another place than the URL. */
  setText(message: Properties, field: FieldPath, text: string): void {
    const violation = this.#parameters.bindText(message, field, text);
    if (violation !== undefined) throw wrongFields([violation]);
  }

  /**
   * Sets a field by a field of the header.
   *
   * @throws {ServiceError} if the request has another value there.
   */
  setHeaderText(message: Properties, field: FieldPath, text: string, header: string): void {
    const given = valueAt(message, field);
    if (typeof given === "string" && given !== "" && given !== text)
      throw wrongFields([{ field: field.name, description: `is not what ${header} says` }]);
    this.setText(message, field, text);
  }

  /** The message with what the body has. */
  #start(body: Uint8Array | undefined, place: string, violations: FieldViolation[]): Properties {
    const create = () => this.#type.create() as Properties;
    if (body === undefined || body.length === 0) return create();
    const field = this.#bodyField;
    const prefix = field === undefined ? place : `${place}${place === "" ? "" : "."}${field.name}`;
    const outcome = readJson(field?.type ?? this.#type, body, prefix, this.#options);
    if ("violations" in outcome) {
      // As in a whole message, where null stands for a field that is not set.
      if (field === undefined || !NULL.test(textOf(body))) violations.push(...outcome.violations);
      return create();
    }
    if (field === undefined) return outcome.value as Properties;
    // Undefined is an enum's name that is passed over.
    return outcome.value === undefined ? create() : this.#around(field, outcome.value);
  }

  #around(field: MessageField, value: unknown): Properties {
    const message = this.#type.create() as Properties;
    setField(message, field, value);
    return message;
  }
}

/** The part of a response that its rule sends. */
export interface ResponseBinding {
  /** The type of the whole message. */
  readonly message: AnyMessageType;
  readonly type: AnyFieldType;
  /** The field that is sent; undefined for the whole message. */
  readonly field: MessageField | undefined;
  /** Undefined unless that part is a google.api.HttpBody. */
  readonly httpBody: HttpBodyType | undefined;
}

/** @throws {Error} that says what is wrong with the rule. */
export function responseBinding(type: AnyMessageType, { responseBody = "" }: HttpRule): ResponseBinding {
  const field = responseBody === "" ? undefined : topLevelField(type, responseBody, "response_body");
  const sent = field?.type ?? type;
  return { message: type, type: sent, field, httpBody: HttpBodyType.of(sent) };
}

/** The error that names wrong fields, all at once. */
export function wrongFields(violations: readonly FieldViolation[]) {
  const texts = violations.map(({ field, description }) =>
    field === "" ? description : `${field}: ${description}`,
  );
  return invalidArgument({ violations, message: texts.join("; ") });
}

function pathField(type: AnyMessageType, fieldPath: string): FieldPath {
  const found = findField(type, fieldPath);
  if (found === undefined)
    throw new Error(`names ${fieldPath}, which is no field of ${type.typeName}${valueHint(type, fieldPath)}`);
  const { shape } = found.field.type;
  const isMessage = (found.field.type as Partial<AnyMessageType>).fields?.() !== undefined;
  if (shape !== undefined || isMessage) {
    const what = isMessage ? "a message" : `a ${shape}`;
    throw new Error(`names ${fieldPath} in the path, which is ${what}, and no single value`);
  }
  return found;
}

/** The end of the error for a field of a well-known type, or of a value, that is inside of the request. */
function valueHint(type: AnyMessageType, fieldPath: string): string {
  const outer = fieldPath.slice(0, Math.max(fieldPath.lastIndexOf("."), 0));
  return findField(type, outer) === undefined
    ? ""
    : `: ${outer} is one value, and has a path's variable to itself`;
}

function topLevelField(type: AnyMessageType, name: string, what: string): MessageField {
  const field = type.fields(true)?.byKey.get(name);
  if (field === undefined) {
    // http.proto: "the referred field must be present at the top-level".
    const why = name.includes(".") ? `: a ${what} is a field of the message itself` : "";
    throw new Error(`has the ${what} ${name}, which is no field of ${type.typeName}${why}`);
  }
  return field;
}
