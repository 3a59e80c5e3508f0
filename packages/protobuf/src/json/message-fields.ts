import { checkFields } from "../check-fields.js";
import type { AnyFieldType, FieldTypes, NamedField } from "../field-type.js";
import { ProtobufError } from "../protobuf-error.js";

/** A field as JSON needs it: all that its entry leaves out is there. */
export interface MessageField {
  readonly index: number;
  /** The name in the contract. */
  readonly name: string;
  readonly jsonName: string;
  /** The name in JSON as `quotedOf` makes it, once it was needed. */
  quoted: Uint8Array | undefined;
  readonly type: AnyFieldType;
  // Parts of the type, which is one of many forms: a field is one of a single form.
  readonly takesNull: boolean;
  readonly isAbsent: AnyFieldType["isAbsent"];
  readonly writeJson: AnyFieldType["writeJson"];
  readonly readJson: AnyFieldType["readJson"];
  /** The property of the message: of a oneof, unless it is flat. */
  readonly property: string;
  /** The `$case` of the property's value. Undefined if the property is the field's own. */
  readonly member: string | undefined;
  /** The properties of the oneof that the field is a member of. */
  readonly oneof: ReadonlySet<string> | undefined;
}

/** The fields of a message type. */
export interface MessageFields {
  /** Full name of the message in the contract. */
  readonly typeName: string;
  readonly list: readonly MessageField[];
  /** The same by their names in JSON and in the contract. */
  readonly byKey: ReadonlyMap<string, MessageField>;
  /** The members of each oneof that is one property, by that property. */
  readonly unions: ReadonlyMap<string, readonly string[]>;
}

/** What states the fields of a message type, and keeps them once they were needed. */
export interface FieldsCode {
  readonly name: string;
  /** FieldTypes. */
  fields(): object;
  resolved?: MessageFields;
}

/** A message seen as its properties. */
export type Properties = Record<string, unknown>;

/** The name in the contract that follows from a property's: `created_at` of `createdAt`. */
export function contractName(property: string): string {
  return property.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

/** The fields of a message type, from its entries. */
export function fieldsOf(code: FieldsCode): MessageFields {
  return (code.resolved ??= resolve(code.name, code.fields() as FieldTypes));
}

function resolve(typeName: string, fields: FieldTypes): MessageFields {
  const list: MessageField[] = [];
  const byKey = new Map<string, MessageField>();
  const unions = new Map<string, readonly string[]>();
  const add = (own: string, stated: AnyFieldType | NamedField, union?: string, oneof?: Set<string>): void => {
    const { type, name, jsonName } =
      "jsonName" in stated ? stated : { type: stated, name: contractName(own), jsonName: own };
    const property = union ?? own;
    const member = union === undefined ? undefined : own;
    oneof?.add(property);
    const { takesNull = false, isAbsent, writeJson, readJson } = type;
    const names = { index: list.length, name, jsonName, quoted: undefined };
    const field = { ...names, type, takesNull, isAbsent, writeJson, readJson, property, member, oneof };
    list.push(field);
    byKey.set(name, field);
    byKey.set(jsonName, field);
  };
  for (const [property, stated] of Object.entries(fields)) {
    if ("oneof" in stated) {
      if (!stated.isFlat) unions.set(property, Object.keys(stated.oneof));
      const oneof = new Set<string>();
      for (const [member, type] of Object.entries(stated.oneof)) {
        add(member, type, stated.isFlat ? undefined : property, oneof);
      }
    } else add(property, stated);
  }
  return { typeName, list, byKey, unions };
}

/** A property of a message. A function is no value: it is what an object inherits. */
export function propertyOf(message: Properties, property: string): unknown {
  const value = message[property];
  return typeof value === "function" ? undefined : value;
}

/** True for what is no value of a field: undefined, and null unless that is a value of its own. */
export function isMissing(value: unknown, type: AnyFieldType): boolean {
  return value === undefined || (value === null && type.takesNull !== true);
}

/**
 * Refuses a oneof that names none of its members, or one without `value`, which would be lost. A value that is undefined or null is
 * none.
 *
 * @param members The names that `$case` may have.
 * @throws {ProtobufError} That says which there are.
 */
export function checkUnion(property: string, given: unknown, members: readonly string[]): void {
  if (given === undefined || given === null) return;
  const union = given as Properties;
  const { $case } = union;
  const isMember = members.includes($case as string);
  if (isMember && "value" in union) return;
  const wrong = isMember
    ? `${$case as string} has no value`
    : `$case is ${String($case)}, and not one of ${members.join(", ")}`;
  throw new ProtobufError(`invalid oneof ${property}: ${wrong}`);
}

/**
 * Sets the fields of a new message that an object has; null counts as none, unless it is a value of its own.
 *
 * @throws {ProtobufError} for what has no fields of its own, and as {@link checkUnion}.
 */
export function messageFromPartial<T extends object>(fields: MessageFields, message: T, object: object): T {
  checkFields(object);
  for (const { property, member, type } of fields.list) {
    const given = propertyOf(object as Properties, property);
    if (member === undefined) {
      if (!isMissing(given, type)) (message as Properties)[property] = type.fromPartial(given);
    } else {
      const { $case, value } = (given ?? {}) as Properties;
      if ($case === member && !isMissing(value, type)) {
        (message as Properties)[property] = { $case, value: type.fromPartial(value) };
      }
    }
  }
  for (const [property, members] of fields.unions) {
    if ((message as Properties)[property] === undefined)
      checkUnion(property, propertyOf(object as Properties, property), members);
  }
  return message;
}
