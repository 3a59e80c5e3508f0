import { JsonError } from "./json-error.js";

/** What `JSON.stringify` takes and `JSON.parse` returns. */
export type JsonValue = null | boolean | number | string | JsonValue[] | JsonObject;

/** An object of JSON. */
export interface JsonObject {
  [key: string]: JsonValue;
}

// Messages of any type stand in one registry.
/* oxlint-disable typescript/no-explicit-any */

/** The part of a message type that a registry's user needs. */
export interface RegisteredType {
  readonly typeName: string;
  readonly hasJsonForm: boolean;
  encode(message: any): { finish(): Uint8Array };
  decode(bytes: Uint8Array): any;
  toJson(message: any, context: JsonContext): JsonValue;
  fromJson(json: unknown, context: JsonContext): any;
}
/* oxlint-enable typescript/no-explicit-any */

/** The part of an extension that a registry's user needs. */
export interface RegisteredExtension {
  readonly name: string;
  readonly extendee: string;
  readonly number: number;
  readonly type: RegisteredType;
}

/** Types by their names in the contract: what JSON needs for the messages inside google.protobuf.Any, and for extensions. */
export interface Registry {
  /** The type of a message, by its full name. */
  message(typeName: string): RegisteredType | undefined;
  /** An extension, by its full name. */
  extension(name: string): RegisteredExtension | undefined;
  /** An extension, by the full name of the message that it adds to, and its number. */
  extensionOf(extendee: string, number: number): RegisteredExtension | undefined;
}

/** Options of `toJSON`. */
export interface JsonWriteOptions {
  /** Writes fields without presence that have their default. Default: false. */
  alwaysEmitImplicit?: boolean;
  /** Names fields as the contract does, `created_at`. Default: false: `createdAt`. */
  originalNames?: boolean;
  /** Writes values of enums as numbers. Default: false: as their names. */
  enumsAsIntegers?: boolean;
  /** Types of the messages inside google.protobuf.Any, and extensions. Default: none. */
  registry?: Registry;
}

/** Options of `fromJSON`. */
export interface JsonReadOptions {
  /** Passes over fields, and names of enums' values, that the contract does not have. Default: false: they are an error. */
  ignoreUnknownFields?: boolean;
  /** Types of the messages inside google.protobuf.Any, and extensions. Default: none. */
  registry?: Registry;
}

/** The number of messages, lists and objects that may stand inside one another in JSON, the outermost included. */
export const MAX_JSON_DEPTH = 100;

/** What one call of `toJSON` or `fromJSON` has on its way through the fields. */
export class JsonContext {
  readonly alwaysEmitImplicit: boolean;
  readonly originalNames: boolean;
  readonly enumsAsIntegers: boolean;
  readonly ignoreUnknownFields: boolean;
  readonly registry: Registry | undefined;
  #depth = 0;

  constructor(options: JsonWriteOptions & JsonReadOptions = {}) {
    this.alwaysEmitImplicit = options.alwaysEmitImplicit ?? false;
    this.originalNames = options.originalNames ?? false;
    this.enumsAsIntegers = options.enumsAsIntegers ?? false;
    this.ignoreUnknownFields = options.ignoreUnknownFields ?? false;
    this.registry = options.registry;
  }

  /** Begins a message or a list that is inside another one. `leave` ends it, but for an error, which ends all. */
  enter(): void {
    if (++this.#depth > MAX_JSON_DEPTH)
      throw new JsonError(`more than ${MAX_JSON_DEPTH} levels in one another`);
  }

  leave(): void {
    this.#depth--;
  }
}

/** Sets a property that an object has of its own, whatever its name. */
export function setOwn(object: object, key: string, value: unknown): void {
  if (key === "__proto__") {
    Object.defineProperty(object, key, { value, enumerable: true, configurable: true, writable: true });
  } else {
    (object as Record<string, unknown>)[key] = value;
  }
}

/** True for an object of JSON that is no list. */
export function isObject(json: unknown): json is Record<string, unknown> {
  return typeof json === "object" && json !== null && !Array.isArray(json);
}
