import { getExtension } from "@callwire/protobuf";
import { featuresOf, withFeatures, type Features } from "./features.js";
import { fieldBehavior, type FieldBehavior } from "./gen/google/api/field_behavior.js";
import {
  FeatureSet_EnumType as EnumType,
  FeatureSet_FieldPresence as FieldPresence,
  FeatureSet_MessageEncoding as MessageEncoding,
  FeatureSet_RepeatedFieldEncoding as RepeatedFieldEncoding,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
  FileDescriptorSet,
  type DescriptorProto,
  type EnumDescriptorProto,
  type FieldDescriptorProto,
  type FileDescriptorProto,
  type MethodDescriptorProto,
} from "./gen/google/protobuf/descriptor.js";

/** A contract as its descriptors say it: names are resolved, and what syntax and editions leave unsaid is said. */
export interface Contract {
  /** By their full names. */
  readonly messages: ReadonlyMap<string, DescribedMessage>;
  /** By their full names, in the order of the files. */
  readonly services: ReadonlyMap<string, DescribedService>;
}

export interface DescribedMessage {
  readonly typeName: string;
  /** In the order of the contract. */
  readonly fields: readonly DescribedField[];
  /** True for an entry of a map. */
  readonly isMapEntry: boolean;
  /** True for proto2's form of a message that has extensions alone. */
  readonly isMessageSet: boolean;
  readonly comment: string;
}

export interface DescribedEnum {
  readonly typeName: string;
  /** Numbers by their names. */
  readonly numbers: Readonly<Record<string, number>>;
  /** True if numbers that it does not name are unknown fields, as in proto2. */
  readonly isClosed: boolean;
  readonly comment: string;
}

export interface DescribedField {
  readonly name: string;
  readonly jsonName: string;
  readonly number: number;
  readonly type: Type;
  /** The type of a message's field. */
  readonly message: DescribedMessage | undefined;
  /** The type of an enum's field. */
  readonly enum: DescribedEnum | undefined;
  /** Undefined for one value. A map's `message` is its entry. */
  readonly shape: "list" | "map" | undefined;
  /** True if one value knows that it was set. */
  readonly hasPresence: boolean;
  /** True for a required field of proto2. */
  readonly isRequired: boolean;
  /** The oneof that it is a member of, by its name. */
  readonly oneof: string | undefined;
  readonly isPacked: boolean;
  /** True if a message is written as a group. */
  readonly isDelimited: boolean;
  /** What google.api.field_behavior says of it. */
  readonly behavior: readonly FieldBehavior[];
  readonly comment: string;
}

export interface DescribedService {
  readonly name: string;
  readonly typeName: string;
  readonly methods: readonly DescribedMethod[];
}

export interface DescribedMethod {
  readonly name: string;
  readonly request: DescribedMessage;
  readonly response: DescribedMessage;
  /** Its streams and its options. */
  readonly proto: MethodDescriptorProto;
  readonly comment: string;
}

/** How a set is made, for errors. */
const HOW_TO_MAKE_A_SET =
  "make it by 'buf build -o contract.binpb' or 'protoc --include_imports --include_source_info --descriptor_set_out=contract.binpb'";

/**
 * Reads a serialized google.protobuf.FileDescriptorSet.
 *
 * @throws {Error} if it is none, or a type is missing.
 */
export function readContract(descriptorSet: Uint8Array): Contract {
  let files: readonly FileDescriptorProto[];
  try {
    files = FileDescriptorSet.decode(descriptorSet).file;
  } catch (cause) {
    throw new Error(`no serialized google.protobuf.FileDescriptorSet: ${HOW_TO_MAKE_A_SET}`, { cause });
  }
  return contractOf(files);
}

/** @throws {Error} if a type is missing. */
export function contractOf(files: readonly FileDescriptorProto[]): Contract {
  const reading = new ContractReading();
  // Sets are put together of several.
  const byName = new Map(files.map((file) => [file.name, file]));
  for (const file of byName.values()) reading.addFile(file);
  return reading.finish();
}

// The numbers of fields in descriptor.proto, which the paths of comments are made of.
const FILE = { message: 4, enum: 5, service: 6 };
const MESSAGE = { field: 2, nested: 3, enum: 4 };
const SERVICE = { method: 2 };

type Comments = ReadonlyMap<string, string>;
type MutableMessage = DescribedMessage & { fields: DescribedField[] };

/** A contract that is being read: first all types by their names, then what refers to them. */
class ContractReading {
  readonly #messages = new Map<string, MutableMessage>();
  readonly #enums = new Map<string, DescribedEnum>();
  readonly #services = new Map<string, DescribedService>();
  readonly #references: (() => void)[] = [];

  addFile(file: FileDescriptorProto): void {
    const scope = file.package ? `${file.package}.` : "";
    const features = featuresOf(file);
    const comments = commentsOf(file);
    for (const [index, message] of file.messageType.entries())
      this.#addMessage(scope, message, features, comments, `${FILE.message},${index}`);
    for (const [index, type] of file.enumType.entries())
      this.#addEnum(scope, type, features, comments, `${FILE.enum},${index}`);
    for (const [index, { name = "", method }] of file.service.entries()) {
      const typeName = scope + name;
      this.#references.push(() => {
        const methods = method.map((proto, at): DescribedMethod => {
          const path = `${FILE.service},${index},${SERVICE.method},${at}`;
          const { name: own = "", inputType, outputType } = proto;
          const where = `the method ${typeName}/${own}`;
          return {
            name: own,
            request: find(this.#messages, inputType, where),
            response: find(this.#messages, outputType, where),
            proto,
            comment: comments.get(path) ?? "",
          };
        });
        this.#services.set(typeName, { name, typeName, methods });
      });
    }
  }

  finish(): Contract {
    for (const resolve of this.#references) resolve();
    return { messages: this.#messages, services: this.#services };
  }

  #addMessage(
    scope: string,
    proto: DescriptorProto,
    around: Features,
    comments: Comments,
    path: string,
  ): void {
    const typeName = `${scope}${proto.name}`;
    const features = withFeatures(around, proto.options);
    const message: MutableMessage = {
      typeName,
      fields: [],
      isMapEntry: proto.options?.mapEntry === true,
      isMessageSet: proto.options?.messageSetWireFormat === true,
      comment: comments.get(path) ?? "",
    };
    this.#messages.set(typeName, message);
    const inside = `${typeName}.`;
    for (const [index, nested] of proto.nestedType.entries())
      this.#addMessage(inside, nested, features, comments, `${path},${MESSAGE.nested},${index}`);
    for (const [index, type] of proto.enumType.entries())
      this.#addEnum(inside, type, features, comments, `${path},${MESSAGE.enum},${index}`);
    this.#references.push(() => {
      for (const [index, field] of proto.field.entries()) {
        const comment = comments.get(`${path},${MESSAGE.field},${index}`) ?? "";
        message.fields.push(this.#field(typeName, proto, field, features, comment));
      }
    });
  }

  #addEnum(
    scope: string,
    proto: EnumDescriptorProto,
    around: Features,
    comments: Comments,
    path: string,
  ): void {
    const typeName = `${scope}${proto.name}`;
    this.#enums.set(typeName, {
      typeName,
      numbers: Object.fromEntries(proto.value.map(({ name = "", number = 0 }) => [name, number])),
      isClosed: withFeatures(around, proto.options).enumType === EnumType.CLOSED,
      comment: comments.get(path) ?? "",
    });
  }

  #field(
    typeName: string,
    { oneofDecl, options: around }: DescriptorProto,
    proto: FieldDescriptorProto,
    inherited: Features,
    comment: string,
  ): DescribedField {
    const { name = "", number = 0, type = Type.TYPE_MESSAGE, label, options, oneofIndex } = proto;
    const where = `the field ${typeName}.${name}`;
    const features = withFeatures(inherited, options);
    const isMessage = type === Type.TYPE_MESSAGE || type === Type.TYPE_GROUP;
    const message = isMessage ? find(this.#messages, proto.typeName, where) : undefined;
    const isMap = message?.isMapEntry === true;
    const isList = label === Label.LABEL_REPEATED;
    // The oneof of an optional field of proto3 is none that anybody has written.
    const oneof = oneofIndex === undefined || proto.proto3Optional ? undefined : oneofDecl[oneofIndex]?.name;
    return {
      name,
      jsonName: proto.jsonName ?? jsonNameOf(name),
      number,
      type,
      message,
      enum: type === Type.TYPE_ENUM ? find(this.#enums, proto.typeName, where) : undefined,
      shape: isMap ? "map" : isList ? "list" : undefined,
      hasPresence:
        oneof !== undefined ||
        proto.proto3Optional === true ||
        features.fieldPresence === FieldPresence.EXPLICIT,
      isRequired: label === Label.LABEL_REQUIRED || features.fieldPresence === FieldPresence.LEGACY_REQUIRED,
      oneof,
      isPacked: options?.packed ?? features.repeatedFieldEncoding === RepeatedFieldEncoding.PACKED,
      isDelimited:
        type === Type.TYPE_GROUP ||
        // Maps, and what is in them, have a length always.
        (features.messageEncoding === MessageEncoding.DELIMITED && !isMap && around?.mapEntry !== true),
      behavior: options === undefined ? [] : getExtension(options, fieldBehavior),
      comment,
    };
  }
}

/** @param name As a compiler writes it, with a dot in front. */
function find<T>(types: ReadonlyMap<string, T>, name = "", where: string): T {
  const found = types.get(name.replace(/^\./, ""));
  if (found !== undefined) return found;
  throw new Error(`${where} has the type '${name}', which no file declares: ${HOW_TO_MAKE_A_SET}`);
}

/** The name in JSON that follows from one of the contract: descriptors inside of a program may lack it. */
function jsonNameOf(name: string): string {
  return name.replaceAll(/_+(.?)/g, (_, letter: string) => letter.toUpperCase());
}

/** The comments of a file by the paths of what they are about. None, if it was compiled without source info. */
function commentsOf({ sourceCodeInfo }: FileDescriptorProto): Comments {
  const comments = new Map<string, string>();
  for (const { path, leadingComments, trailingComments } of sourceCodeInfo?.location ?? []) {
    const text = leadingComments ?? trailingComments;
    if (text !== undefined) comments.set(path.join(","), text.replaceAll(/^ /gm, "").trim());
  }
  return comments;
}
