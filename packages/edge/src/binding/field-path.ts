import {
  MAX_JSON_DEPTH,
  type AnyFieldType,
  type MessageField,
  type MessageType,
  type WrongName,
} from "@callwire/protobuf";

/** A message, as its properties. */
export type Properties = Record<string, unknown>;

/** The path of a field in a message, found by its names. */
export interface FieldPath {
  /** By names of the contract, as errors and the log have it: `user.id`. */
  readonly name: string;
  /** The messages on the way, from the outside. */
  readonly around: readonly MessageField[];
  readonly field: MessageField;
}

/** A type of messages, of any kind. */
// The messages stand in both places of the type's functions, so that no other type takes them all.
// oxlint-disable-next-line typescript/no-explicit-any
export type AnyMessageType = MessageType<any>;

/** The type of a field of one message, which is seen as an object of its fields; undefined for any other field. */
export function messageTypeOf(field: MessageField): AnyMessageType | undefined {
  const type = field.type as Partial<AnyMessageType>;
  return typeof type.fields === "function" && type.fields() !== undefined
    ? (type as AnyMessageType)
    : undefined;
}

/**
 * Finds a field by its path, whose parts are names in JSON or in the contract. A well-known type has fields as the whole message alone:
 * as a field it is one value, but that a wrapper's `value` may be named too.
 *
 * @returns Undefined if there is no such field, or if it is inside of what is no single message.
 */
export function findField(type: AnyMessageType, path: string): FieldPath | undefined {
  const around: MessageField[] = [];
  const names: string[] = [];
  let fields = type.fields(true);
  let found: MessageField | undefined;
  const parts = path.split(".", MAX_JSON_DEPTH + 1);
  for (const [index, name] of parts.entries()) {
    if (found !== undefined) {
      if (name === "value" && index === parts.length - 1 && isWrapper(found.type)) break;
      around.push(found);
      fields = messageTypeOf(found)?.fields();
    }
    found = fields?.byKey.get(name);
    if (found === undefined || around.length >= MAX_JSON_DEPTH) return undefined;
    names.push(found.name);
  }
  return found && { name: names.join("."), around, field: found };
}

/** True for a field of a message of wrappers.proto: its value stands for it. */
function isWrapper(type: AnyFieldType): boolean {
  const { typeName = "" } = type as Partial<AnyMessageType>;
  return type.isWrapper === true || WRAPPER.test(typeName);
}

const WRAPPER = /^google\.protobuf\.(?:Bool|Bytes|Double|Float|String|U?Int(?:32|64))Value$/;

/** The last name of a path that leads to no field, and those that it could have been; undefined if the way there is wrong, too. */
export function wrongNameOf(type: AnyMessageType, path: string): WrongName | undefined {
  const at = path.lastIndexOf(".");
  const around = at < 0 ? undefined : findField(type, path.slice(0, at));
  const inside = at < 0 ? type : around && messageTypeOf(around.field);
  return (
    inside && { wrong: path.slice(at + 1), known: (inside.fields(true)?.list ?? []).map(({ name }) => name) }
  );
}

/** The value of a field; undefined if it is not set. */
export function valueOf(message: Properties, { property, member }: MessageField): unknown {
  const value = message[property];
  if (member === undefined) return value;
  const union = value as { $case?: unknown; value?: unknown } | undefined;
  return union?.$case === member ? union.value : undefined;
}

/** The value at a path; undefined if it, or a message on the way, is not set. */
export function valueAt(message: Properties, { around, field }: FieldPath): unknown {
  let inner: Properties | undefined = message;
  for (const outer of around) inner = inner && (valueOf(inner, outer) as Properties | undefined);
  return inner && valueOf(inner, field);
}

/** True if another member of the field's oneof is set. */
export function hasOtherMember(message: Properties, field: MessageField): boolean {
  const { oneof, property, member } = field;
  if (oneof === undefined) return false;
  if (member !== undefined) {
    const union = message[property] as { $case?: unknown } | undefined;
    return union !== undefined && union.$case !== member;
  }
  return Array.from(oneof).some((other) => other !== property && message[other] !== undefined);
}

/** Sets a field; what else its oneof had is gone. */
export function setField(message: Properties, field: MessageField, value: unknown): void {
  const { property, member, oneof } = field;
  if (oneof !== undefined) for (const other of oneof) message[other] = undefined;
  message[property] = member === undefined ? value : { $case: member, value };
}

/** The message that a field is a part of; messages on the way are made. Undefined if another member of a oneof is in the way. */
export function messageAround(message: Properties, { around }: FieldPath): Properties | undefined {
  let inner = message;
  for (const field of around) {
    if (hasOtherMember(inner, field)) return undefined;
    let next = valueOf(inner, field) as Properties | undefined;
    if (next === undefined) {
      next = (field.type as AnyMessageType).create() as Properties;
      setField(inner, field, next);
    }
    inner = next;
  }
  return inner;
}
