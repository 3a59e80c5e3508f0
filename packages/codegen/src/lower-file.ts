import { clone, create, type DescField, type DescFile, type DescMessage } from "@bufbuild/protobuf";
import {
  type DescriptorProto,
  type FieldDescriptorProto,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FeatureSet_FieldPresence,
  type FileDescriptorProto,
  FileDescriptorProtoSchema,
  OneofDescriptorProtoSchema,
} from "@bufbuild/protobuf/wkt";
import type { Member } from "./safe-names.js";

/**
 * States a file of proto2 or of an edition as one of proto3, for ts-proto: its types come out alike then, whatever syntax the
 * contract has. A field with presence is an optional one there; a group is a message; an extension is none of ts-proto's concern.
 *
 * @param otherMembers The names of fields and oneofs that have another one in TypeScript.
 * @param otherNames The simple names, by the full names of the types, of those that have another one in TypeScript.
 */
export function lowerFile(
  file: DescFile,
  otherNames: ReadonlyMap<string, string>,
  otherMembers: ReadonlyMap<Member, string>,
): FileDescriptorProto {
  const lowered = clone(FileDescriptorProtoSchema, file.proto);
  rename(lowered, otherNames);
  lowered.syntax = "proto3";
  lowered.edition = 0;
  lowered.extension = [];
  lowered.messageType.forEach((message, index) => lowerMessage(message, file.messages[index]!, otherMembers));
  return lowered;
}

/** The full name of a type, each part of it as `otherNames` has it. */
export function loweredName(typeName: string, otherNames: ReadonlyMap<string, string>): string {
  if (otherNames.size === 0) return typeName;
  let full = "";
  const parts = typeName.split(".").map((part) => {
    full = full === "" ? part : `${full}.${part}`;
    return otherNames.get(full) ?? part;
  });
  return parts.join(".");
}

/** Gives the types of a file their other names, wherever they stand. */
function rename(lowered: FileDescriptorProto, otherNames: ReadonlyMap<string, string>): void {
  if (otherNames.size === 0) return;
  // The names of types have a dot in front.
  const renamed = (typeName: string) => typeName && `.${loweredName(typeName.slice(1), otherNames)}`;
  const within = (around: string, { name }: { name: string }) => (around === "" ? name : `${around}.${name}`);
  const renameEnums = (enums: FileDescriptorProto["enumType"], around: string): void => {
    for (const each of enums) each.name = otherNames.get(within(around, each)) ?? each.name;
  };
  const renameMessage = (message: DescriptorProto, around: string): void => {
    const full = within(around, message);
    for (const field of message.field) field.typeName = renamed(field.typeName);
    renameEnums(message.enumType, full);
    for (const inner of message.nestedType) renameMessage(inner, full);
    message.name = otherNames.get(full) ?? message.name;
  };
  renameEnums(lowered.enumType, lowered.package);
  for (const message of lowered.messageType) renameMessage(message, lowered.package);
  for (const { method: methods } of lowered.service) {
    for (const method of methods) {
      method.inputType = renamed(method.inputType);
      method.outputType = renamed(method.outputType);
    }
  }
}

function lowerMessage(
  lowered: DescriptorProto,
  message: DescMessage,
  otherMembers: ReadonlyMap<Member, string>,
): void {
  lowered.extension = [];
  lowered.extensionRange = [];
  const byNumber = new Map(message.fields.map((field) => [field.number, field]));
  for (const field of lowered.field) {
    const described = byNumber.get(field.number);
    if (described === undefined) continue;
    field.name = otherMembers.get(described) ?? field.name;
    lowerField(field, described, lowered);
  }
  const oneofs = new Map(message.oneofs.map((oneof) => [oneof.name, oneof]));
  for (const oneof of lowered.oneofDecl) {
    const described = oneofs.get(oneof.name);
    oneof.name = (described && otherMembers.get(described)) ?? oneof.name;
  }
  // The entries of maps are nested messages in the file, and none in its description.
  const nested = lowered.nestedType.filter((inner) => inner.options?.mapEntry !== true);
  for (const [index, inner] of nested.entries())
    lowerMessage(inner, message.nestedMessages[index]!, otherMembers);
}

function lowerField(lowered: FieldDescriptorProto, field: DescField, message: DescriptorProto): void {
  lowered.defaultValue = "";
  if (lowered.type === FieldDescriptorProto_Type.GROUP) lowered.type = FieldDescriptorProto_Type.MESSAGE;
  if (lowered.label === FieldDescriptorProto_Label.REQUIRED)
    lowered.label = FieldDescriptorProto_Label.OPTIONAL;
  if (!hasOptionalScalar(field) || lowered.proto3Optional) return;
  lowered.proto3Optional = true;
  lowered.oneofIndex = message.oneofDecl.length;
  message.oneofDecl.push(create(OneofDescriptorProtoSchema, { name: `_${lowered.name}` }));
}

/** A field, as far as its presence goes. */
type AnyField = Pick<DescField, "scalar" | "enum" | "fieldKind" | "oneof" | "presence">;

/** True for a field, of no message and no oneof, that knows if it was set. */
export function hasOptionalScalar(field: AnyField): boolean {
  return (
    (field.scalar !== undefined || field.enum !== undefined) &&
    field.fieldKind !== "list" &&
    field.fieldKind !== "map" &&
    field.oneof === undefined &&
    field.presence === FeatureSet_FieldPresence.EXPLICIT
  );
}
