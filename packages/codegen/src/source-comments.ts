import type {
  DescEnum,
  DescEnumValue,
  DescField,
  DescFile,
  DescMessage,
  DescMethod,
  DescService,
} from "@bufbuild/protobuf";
import {
  DescriptorProtoSchema,
  EnumDescriptorProtoSchema,
  FileDescriptorProtoSchema,
  ServiceDescriptorProtoSchema,
  type SourceCodeInfo_Location,
} from "@bufbuild/protobuf/wkt";

/** The parts of a contract whose comments are read. */
export type Commented = DescService | DescMethod | DescMessage | DescField | DescEnum | DescEnumValue;

const inFile = FileDescriptorProtoSchema.field;
const inMessage = DescriptorProtoSchema.field;

/** The locations of each file, by their paths. */
const known = new WeakMap<DescFile, ReadonlyMap<string, SourceCodeInfo_Location>>();

/**
 * The comment of a part of the contract as the source has it: the one before it, or else the one behind it on its line; empty if there
 * is none. Detached comments are none. Line breaks are LF.
 */
export function sourceComment(desc: Commented): string {
  const file =
    desc.kind === "rpc" || desc.kind === "field" || desc.kind === "enum_value" ? desc.parent.file : desc.file;
  return commentAt(file, pathOf(desc));
}

/** The comment of a file's package, as {@link sourceComment} has it. */
export function sourceCommentOfPackage(file: DescFile): string {
  return commentAt(file, [inFile.package.number]);
}

function commentAt(file: DescFile, path: readonly number[]): string {
  let locations = known.get(file);
  if (locations === undefined) {
    const all = file.proto.sourceCodeInfo?.location ?? [];
    locations = new Map(all.map((location) => [location.path.join(), location]));
    known.set(file, locations);
  }
  const { leadingComments = "", trailingComments = "" } = locations.get(path.join()) ?? {};
  return (leadingComments || trailingComments).replaceAll(/\r\n|[\r\u2028\u2029]/g, "\n");
}

/** Where a part stands in the descriptor of its file: numbers of fields and places in lists (SourceCodeInfo.Location.path). */
function pathOf(desc: Commented): number[] {
  switch (desc.kind) {
    case "service":
      return [inFile.service.number, desc.file.proto.service.indexOf(desc.proto)];
    case "rpc": {
      const { number } = ServiceDescriptorProtoSchema.field.method;
      return [...pathOf(desc.parent), number, desc.parent.proto.method.indexOf(desc.proto)];
    }
    case "message":
      return desc.parent === undefined
        ? [inFile.messageType.number, desc.file.proto.messageType.indexOf(desc.proto)]
        : [
            ...pathOf(desc.parent),
            inMessage.nestedType.number,
            desc.parent.proto.nestedType.indexOf(desc.proto),
          ];
    case "field":
      return [...pathOf(desc.parent), inMessage.field.number, desc.parent.proto.field.indexOf(desc.proto)];
    case "enum":
      return desc.parent === undefined
        ? [inFile.enumType.number, desc.file.proto.enumType.indexOf(desc.proto)]
        : [...pathOf(desc.parent), inMessage.enumType.number, desc.parent.proto.enumType.indexOf(desc.proto)];
    case "enum_value": {
      const { number } = EnumDescriptorProtoSchema.field.value;
      return [...pathOf(desc.parent), number, desc.parent.proto.value.indexOf(desc.proto)];
    }
  }
}
