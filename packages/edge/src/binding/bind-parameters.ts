import { JsonError, type JsonReadOptions } from "@callwire/protobuf";
import type { FieldViolation } from "@callwire/server-kit";
import {
  findField,
  hasOtherMember,
  messageAround,
  setField,
  wrongNameOf,
  type AnyMessageType,
  type FieldPath,
  type Properties,
} from "./field-path.js";
import { ParameterSource, type ParameterValue } from "./parameter-source.js";
import type { QueryFault, QueryParameter } from "./query.js";
import { hintOf } from "./wrong-name.js";
import { textFormOf, type TextForm } from "./text-form.js";

/** The most names that are remembered for a route: what strangers make up must not fill the memory. */
const MAX_KNOWN_NAMES = 256;

/** A field that a parameter is for. */
interface Target extends FieldPath {
  readonly form: TextForm | undefined;
}

/** The values that a request has for one field. */
interface Given {
  readonly target: Target;
  readonly values: ParameterValue[];
}

/** A parameter's name, with the key of a map's entry behind it. */
const NAME = /^([^[]*)(?:\[(.*)\])?$/s;

/** Sets fields of a request by the texts that its path and its query have. */
export class ParameterBinder {
  readonly #type: AnyMessageType;
  readonly #options: JsonReadOptions;
  /** Fields that come otherwise, and from where: by the path, or in the body. */
  readonly #taken: ReadonlyMap<string, string>;
  readonly #known = new Map<string, Target>();

  /** @param taken The fields that no query has: their paths by names of the contract, and where they are. */
  constructor(type: AnyMessageType, taken: ReadonlyMap<string, string>, options: JsonReadOptions) {
    this.#type = type;
    this.#taken = taken;
    this.#options = options;
  }

  /** Sets the fields that a query names. Returns what is wrong with it: every field at once. */
  bindQuery(message: Properties, parameters: readonly (QueryParameter | QueryFault)[]): FieldViolation[] {
    const violations: FieldViolation[] = [];
    const given = new Map<string, Given>();
    for (const parameter of parameters) {
      const { name } = parameter;
      const { path, key } = splitName(name);
      const target = this.#targetOf(path);
      const field = target?.name ?? name;
      const fail = (description: string) => void violations.push({ field, description });
      if ("fault" in parameter) fail(parameter.fault);
      else if (target === undefined) {
        if (!this.#options.ignoreUnknownFields)
          fail(`no field of the request${hintOf(wrongNameOf(this.#type, path), violations.length)}`);
      } else {
        const place = this.#placeOf(target.name);
        if (place !== undefined) {
          if (!this.#options.ignoreUnknownFields) fail(`is given ${place}`);
          continue;
        }
        const value = key === undefined ? { text: parameter.value } : { text: parameter.value, key };
        const known = given.get(target.name);
        if (known === undefined) given.set(target.name, { target, values: [value] });
        else known.values.push(value);
      }
    }
    for (const { target, values } of given.values()) {
      const violation = this.#set(message, target, values, { index: violations.length });
      if (violation !== undefined) violations.push(violation);
    }
    return violations;
  }

  /** Sets a field by one text, whatever else its oneof has. */
  bindText(message: Properties, path: FieldPath, text: string): FieldViolation | undefined {
    return this.#set(message, this.#targetOf(path.name)!, [{ text }], { isForced: true });
  }

  #targetOf(name: string): Target | undefined {
    const known = this.#known.get(name);
    if (known !== undefined) return known;
    const path = findField(this.#type, name);
    if (path === undefined) return undefined;
    const target = { ...path, form: textFormOf(path.field.type) };
    if (this.#known.size < MAX_KNOWN_NAMES) this.#known.set(name, target);
    return target;
  }

  /** Where a field is instead, or one that it is in. */
  #placeOf(name: string): string | undefined {
    if (this.#taken.size === 0) return undefined;
    const whole = this.#taken.get("*") ?? this.#taken.get(name);
    if (whole !== undefined) return whole;
    for (let at = name.indexOf("."); at >= 0; at = name.indexOf(".", at + 1)) {
      const place = this.#taken.get(name.slice(0, at));
      if (place !== undefined) return place;
    }
    return undefined;
  }

  #set(
    message: Properties,
    target: Target,
    values: readonly ParameterValue[],
    { isForced = false, index = 0 } = {},
  ): FieldViolation | undefined {
    const { field, name } = target;
    try {
      const around = messageAround(message, target);
      if (around === undefined || (!isForced && hasOtherMember(around, field)))
        throw new JsonError("a second member of its oneof");
      const value = this.#read(target, values);
      if (value !== undefined) setField(around, field, value);
      return undefined;
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      const separator = /^\w/.test(error.path) ? "." : "";
      return {
        field: `${name}${separator}${error.path}`,
        description: error.reason + hintOf(error.names, index),
      };
    }
  }

  #read({ field, form }: Target, values: readonly ParameterValue[]): unknown {
    const source = new ParameterSource(values, this.#options);
    if (form !== undefined) return form(source.string(), this.#options);
    return field.type.readJson(source) as unknown;
  }
}

function splitName(name: string): { path: string; key: string | undefined } {
  if (!name.includes("[")) return { path: name, key: undefined };
  const [, path = name, key] = NAME.exec(name) ?? [];
  return { path, key };
}
