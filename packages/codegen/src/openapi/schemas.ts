import { ScalarType, type DescEnum, type DescField, type DescMessage } from "@bufbuild/protobuf";
import { commentOf, markdown, splitExample } from "./comments.js";
import type { FieldBehavior } from "./field-behavior.js";
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
  readonly #behaviorOf: (field: DescField) => FieldBehavior;
  readonly #components = new Map<string, Schema>();

  constructor(behaviorOf: (field: DescField) => FieldBehavior) {
    this.#behaviorOf = behaviorOf;
  }

  /** The components, by the names of their types. */
  get components(): JsonObject {
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
      // Its place is taken first: a message may have fields of its own type.
      this.#components.set(typeName, {});
      this.#components.set(typeName, type.kind === "enum" ? enumSchema(type) : this.message(type));
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
      .filter(({ length }) => length > 1);
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
    const others = field.oneof?.fields.map(({ jsonName }) => `\`${jsonName}\``) ?? [];
    const paragraphs = [
      markdown(withExample(field).text),
      others.length > 1 ? `At most one of ${others.join(", ")} is given.` : "",
    ];
    const description = paragraphs.filter((paragraph) => paragraph !== "").join("\n\n");
    return { ...(description !== "" && { description }), ...(field.deprecated && { deprecated: true }) };
  }

  /** The schema of a field's value, with the example that its comment has. */
  valueWithExample(field: DescField): Schema {
    const { example } = withExample(field);
    return { ...this.value(field), ...(example !== undefined && { examples: [example] }) };
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

/** The comment of a field without its example, and that as JSON; one that is of another type stays in the comment. */
function withExample(field: DescField): { text: string; example: unknown } {
  const comment = commentOf(field);
  const { text, example } = splitExample(comment);
  const value = example === undefined ? undefined : exampleOf(field, example);
  return value === undefined ? { text: comment, example: undefined } : { text, example: value };
}

function exampleOf(field: DescField, example: string): unknown {
  const type = jsonTypeOf(field);
  if (type === "string") return example;
  let value: unknown;
  try {
    value = JSON.parse(example);
  } catch {
    return undefined;
  }
  const isOfType = type === (Array.isArray(value) ? "array" : typeof value);
  return isOfType || (type === "integer" && Number.isInteger(value)) ? value : undefined;
}

/** The type that a field's value has in JSON. */
function jsonTypeOf(field: DescField): unknown {
  switch (field.fieldKind) {
    case "list":
      return "array";
    case "map":
      return "object";
    case "enum":
      return "string";
    case "message": {
      const known = wellKnownSchema(field.message.typeName);
      return known === undefined ? "object" : (known["type"] ?? "number");
    }
    case "scalar":
      return scalarSchema(field.scalar)["type"] ?? "number";
  }
}
