import { type DescField, type FileRegistry, getOption } from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";

/** What google.api.field_behavior (google/api/field_behavior.proto) says of a field. */
export interface FieldBehavior {
  readonly isRequired: boolean;
  readonly isReadOnly: boolean;
  readonly isWriteOnly: boolean;
}

/** The numbers of google.api.FieldBehavior. */
const REQUIRED = 2;
const OUTPUT_ONLY = 3;
const INPUT_ONLY = 4;

/** Finds the behaviour of fields. A required field of proto2 is required. */
export function fieldBehaviors(registry: FileRegistry): (field: DescField) => FieldBehavior {
  const extension = registry.getExtension("google.api.field_behavior");
  return (field) => {
    const option: unknown = extension && getOption(field, extension);
    const behaviors = (option ?? []) as readonly number[];
    return {
      isRequired: behaviors.includes(REQUIRED) || isLegacyRequired(field),
      isReadOnly: behaviors.includes(OUTPUT_ONLY),
      isWriteOnly: behaviors.includes(INPUT_ONLY),
    };
  };
}

function isLegacyRequired({ presence }: DescField): boolean {
  return presence === FeatureSet_FieldPresence.LEGACY_REQUIRED;
}
