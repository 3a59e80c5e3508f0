import {
  Edition,
  FeatureSet_EnumType as EnumType,
  FeatureSet_FieldPresence as FieldPresence,
  FeatureSet_MessageEncoding as MessageEncoding,
  FeatureSet_RepeatedFieldEncoding as RepeatedFieldEncoding,
  type FeatureSet,
  type FileDescriptorProto,
} from "./gen/google/protobuf/descriptor.js";

/** What differs between proto2, proto3 and the editions (protobuf.dev, "Feature Settings for Editions"), as far as codecs go by it. */
export type Features = Required<
  Pick<FeatureSet, "fieldPresence" | "enumType" | "repeatedFieldEncoding" | "messageEncoding">
>;

const edition2023: Features = {
  fieldPresence: FieldPresence.EXPLICIT,
  enumType: EnumType.OPEN,
  repeatedFieldEncoding: RepeatedFieldEncoding.PACKED,
  messageEncoding: MessageEncoding.LENGTH_PREFIXED,
};
const proto3: Features = { ...edition2023, fieldPresence: FieldPresence.IMPLICIT };
const proto2: Features = {
  ...edition2023,
  enumType: EnumType.CLOSED,
  repeatedFieldEncoding: RepeatedFieldEncoding.EXPANDED,
};

/** The features of a file, by its syntax and its options. */
export function featuresOf({ syntax, edition = 0, options }: FileDescriptorProto): Features {
  const isEdition = edition >= Edition.EDITION_2023;
  return withFeatures(isEdition ? edition2023 : syntax === "proto3" ? proto3 : proto2, options);
}

/** The features of what is inside: those that its own options state, and else those from around it. */
export function withFeatures(
  around: Features,
  options: { readonly features: FeatureSet | undefined } | undefined,
): Features {
  const own = options?.features;
  if (own === undefined) return around;
  return {
    fieldPresence: own.fieldPresence ?? around.fieldPresence,
    enumType: own.enumType ?? around.enumType,
    repeatedFieldEncoding: own.repeatedFieldEncoding ?? around.repeatedFieldEncoding,
    messageEncoding: own.messageEncoding ?? around.messageEncoding,
  };
}
