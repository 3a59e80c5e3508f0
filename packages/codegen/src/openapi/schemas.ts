import {
  ScalarType,
  type DescEnum,
  type DescField,
  type DescMessage,
  type FileRegistry,
} from "@bufbuild/protobuf";
import { commentOf, markdown, splitExample } from "./comments.js";
import { fieldBehaviors, type FieldBehavior } from "./field-behavior.js";
import { exampleOf } from "./example.js";
import { stated, type JsonObject, type Schema } from "./schema.js";
import { scalarSchema, wellKnownSchema } from "./well-known-schemas.js";

/** The keys of maps whose keys are no texts: in JSON they are texts of this form. */
function keyPattern(key: ScalarType): string | undefined {
  if (key === ScalarType.STRING) return undefined;
  return key === ScalarType.BOOL ? "^(true|false)$" : "^-?[0-9]+$";
}

/** What is said of a field, whatever its type. */
export interface FieldNotes {
  readonly description?: string;
  readonly deprecated?: true;
}

/** The schemas of messages and enums in protobuf's JSON: each one that is asked for is a component, with all that it refers to. */
export class Schemas {
  readonly #registry: FileRegistry;
  readonly #behaviorOf: (field: DescField) => FieldBehavior;
  readonly #components = new Map<string, Schema>();
  /** The types that were asked for, whose schemas are made one after another: types may refer to others without end. */
  readonly #asked: (DescMessage | DescEnum)[] = [];

  constructor(registry: FileRegistry) {
    this.#registry = registry;
    this.#behaviorOf = fieldBehaviors(registry);
  }

  /** The components, by the names of their types. */
  get components(): JsonObject {
    for (const type of this.#asked)
      this.#components.set(type.typeName, type.kind === "enum" ? enumSchema(type) : this.message(type));
    return Object.fromEntries(Array.from(this.#components).toSorted(([a], [b]) => (a < b ? -1 : 1)));
  }

  /** True if a request must have a field. */
  isRequired(field: DescField): boolean {
    return this.#behaviorOf(field).isRequired;
  }

  /** The schema of a type: a reference, or that of its own form. */
  of(type: DescMessage | DescEnum): Schema {
    const { typeName } = type;
    if (typeName === "google.protobuf.NullValue") return { type: "null" };
    const known = wellKnownSchema(typeName);
    if (known !== undefined) return known;
    if (!this.#components.has(typeName)) {
      this.#components.set(typeName, {});
      this.#asked.push(type);
    }
    return { $ref: `#/components/schemas/${typeName}` };
  }

  /** The schema of a message itself. @param left The fields that are left out, by their names in the contract. */
  message(message: DescMessage, left: ReadonlySet<string> = new Set()): Schema {
    const fields = message.fields.filter(({ name }) => !left.has(name));
    const properties = fields.map((field) => [field.jsonName, this.#property(field)] as const);
    const required = fields.filter((field) => this.isRequired(field)).map(({ jsonName }) => jsonName);
    const oneofs = message.oneofs
      .map((oneof) => oneof.fields.filter(({ name }) => !left.has(name)))
      .filter(({ length }) => length > 1 && length <= MAX_EXCLUDED);
    // A member that is there excludes the others.
    const dependentSchemas = oneofs.flatMap((members) =>
      members.map((member) => {
        const others = members.filter((other) => other !== member);
        return [
          member.jsonName,
          { properties: Object.fromEntries(others.map(({ jsonName }) => [jsonName, false])) },
        ] as const;
      }),
    );
    return {
      type: "object",
      ...stated({
        description: markdown(commentOf(message)),
        deprecated: message.deprecated || undefined,
        required,
      }),
      // A name may be `__proto__`.
      ...(properties.length > 0 && { properties: Object.fromEntries(properties) }),
      ...(dependentSchemas.length > 0 && { dependentSchemas: Object.fromEntries(dependentSchemas) }),
    };
  }

  /** The schema of a field's value, without what is said of the field. */
  value(field: DescField): Schema {
    switch (field.fieldKind) {
      case "scalar":
        return scalarSchema(field.scalar);
      case "enum":
        return this.of(field.enum);
      case "message":
        return this.of(field.message);
      case "list":
        return { type: "array", items: this.#element(field) };
      case "map": {
        const pattern = keyPattern(field.mapKey);
        return {
          type: "object",
          ...(pattern !== undefined && { propertyNames: { pattern } }),
          additionalProperties: this.#element(field),
        };
      }
    }
  }

  /** What is said of a field, as a parameter or a property. */
  about(field: DescField): FieldNotes {
    const paragraphs = [markdown(this.#withExample(field).text), exclusion(field)];
    const description = paragraphs.filter((paragraph) => paragraph !== "").join("\n\n");
    return { ...(description !== "" && { description }), ...(field.deprecated && { deprecated: true }) };
  }

  /** The schema of a field's value, with the example that its comment has. */
  valueWithExample(field: DescField): Schema {
    const { example } = this.#withExample(field);
    return { ...this.value(field), ...(example !== undefined && { examples: [example] }) };
  }

  /** The comment of a field without its example, and that as JSON; one that is no value of the field stays in the comment. */
  #withExample(field: DescField): { text: string; example: unknown } {
    const comment = commentOf(field);
    const { text, example } = splitExample(comment);
    const value = example === undefined ? undefined : exampleOf(field, example, this.#registry);
    return value === undefined ? { text: comment, example: undefined } : { text, example: value };
  }

  #property(field: DescField): Schema {
    const { isReadOnly, isWriteOnly } = this.#behaviorOf(field);
    return {
      ...this.valueWithExample(field),
      ...this.about(field),
      ...(isReadOnly && { readOnly: true }),
      ...(isWriteOnly && { writeOnly: true }),
    };
  }

  #element({ scalar, enum: enumType, message }: DescField): Schema {
    const type = enumType ?? message;
    return type === undefined ? scalarSchema(scalar!) : this.of(type);
  }
}

/** The members of a oneof that exclude one another by name: of more, the lists would be most of the document. */
const MAX_EXCLUDED = 50;

/** What is said of a member of a oneof; empty for another field. */
function exclusion({ oneof }: DescField): string {
  if (oneof === undefined || oneof.fields.length === 1) return "";
  if (oneof.fields.length > MAX_EXCLUDED) return `At most one field of the oneof \`${oneof.name}\` is given.`;
  const names = oneof.fields.map(({ jsonName }) => `\`${jsonName}\``);
  return `At most one of ${names.join(", ")} is given.`;
}

/** An enum by its names. A number that it has no name for is a number in JSON, which no client can be made to know. */
function enumSchema(desc: DescEnum): Schema {
  const lines = desc.values.map((value) => {
    const comment = commentOf(value).replaceAll(/\s+/g, " ");
    return comment === "" ? undefined : `- \`${value.name}\`: ${markdown(comment)}`;
  });
  const list = lines.filter((line) => line !== undefined).join("\n");
  const description = [markdown(commentOf(desc)), list].filter((text) => text !== "").join("\n\n");
  return {
    type: "string",
    ...stated({ description, deprecated: desc.deprecated || undefined }),
    enum: desc.values.map(({ name }) => name),
    // The first one with a meaning: 0 has none, most often.
    ...stated({
      examples: desc.values
        .filter(({ number }) => number !== 0)
        .map(({ name }) => name)
        .slice(0, 1),
    }),
  };
}
