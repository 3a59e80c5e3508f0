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

/**
 * States a file of proto2 or of an edition as one of proto3, for ts-proto: its types come out alike then, whatever syntax the
 * contract has. A field with presence is an optional one there; a group is a message; an extension is none of ts-proto's concern.
 */
export function lowerFile(file: DescFile): FileDescriptorProto {
  const lowered = clone(FileDescriptorProtoSchema, file.proto);
  lowered.syntax = "proto3";
  lowered.edition = 0;
  lowered.extension = [];
  lowered.messageType.forEach((message, index) => lowerMessage(message, file.messages[index]!));
  return lowered;
}

function lowerMessage(lowered: DescriptorProto, message: DescMessage): void {
  lowered.extension = [];
  lowered.extensionRange = [];
  const byNumber = new Map(message.fields.map((field) => [field.number, field]));
  for (const field of lowered.field) {
    const described = byNumber.get(field.number);
    if (described !== undefined) lowerField(field, described, lowered);
  }
  // The entries of maps are nested messages in the file, and none in its description.
  const nested = new Map(message.nestedMessages.map((inner) => [inner.proto.name, inner]));
  for (const inner of lowered.nestedType) {
    const described = nested.get(inner.name);
    if (described !== undefined) lowerMessage(inner, described);
  }
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
