import {
  create,
  protoInt64,
  type DescField,
  type DescMessage,
  type Message,
  ScalarType,
} from "@bufbuild/protobuf";
import { FeatureSet_FieldPresence } from "@bufbuild/protobuf/wkt";
import { reflect, type ReflectList, type ReflectMessage } from "@bufbuild/protobuf/reflect";
import type { Random } from "./random-contract.js";

const texts = ["", "a", "Ünïcode 😀", "x".repeat(300), "__proto__", "toString", '\u0000\n"\\', "42"];
const doubles = [0, -0, 1, -1.5, 0.1, 1e300, 5e-324, NaN, Infinity, -Infinity, 2 ** 53];
const floats = doubles.map((value) => Math.fround(value));
const int32s = [0, 1, -1, 127, 128, 300, 2 ** 31 - 1, -(2 ** 31)];
const uint32s = [0, 1, 127, 128, 16_384, 2 ** 32 - 1];
// Those that a number has too.
const int64s = [0n, 1n, -1n, 2n ** 31n, -(2n ** 40n), 2n ** 53n - 1n];
const uint64s = [0n, 1n, 2n ** 32n, 2n ** 53n - 1n];

function scalar(random: Random, type: ScalarType): unknown {
  switch (type) {
    case ScalarType.STRING:
      return random.pick(texts);
    case ScalarType.BYTES:
      return Uint8Array.from({ length: random.below(5) * random.below(60) }, () => random.below(256));
    case ScalarType.BOOL:
      return random.below(2) === 1;
    case ScalarType.DOUBLE:
      return random.pick(doubles);
    case ScalarType.FLOAT:
      return random.pick(floats);
    case ScalarType.INT32:
    case ScalarType.SINT32:
    case ScalarType.SFIXED32:
      return random.pick(int32s);
    case ScalarType.UINT32:
    case ScalarType.FIXED32:
      return random.pick(uint32s);
    case ScalarType.UINT64:
    case ScalarType.FIXED64:
      return protoInt64.uParse(random.pick(uint64s));
    default:
      return protoInt64.parse(random.pick(int64s));
  }
}

/** A message of protobuf-es, of any type: fields that are set and fields that are not. */
export function randomMessage(random: Random, type: DescMessage, depth = 4): Message {
  const message = reflect(type, create(type));
  for (const field of type.fields) {
    if (random.below(3) === 0 && field.presence !== FeatureSet_FieldPresence.LEGACY_REQUIRED) {
      continue;
    }
    fill(random, message, field, depth);
  }
  return message.message;
}

function inside(random: Random, type: DescMessage, depth: number): ReflectMessage {
  const name = type.typeName.replace("google.protobuf.", "");
  const made = reflect(type, create(type));
  if (name === "Timestamp" || name === "Duration") {
    made.set(type.field["seconds"]!, protoInt64.parse(random.pick([0n, 1n, 1_700_000_000n])));
    made.set(type.field["nanos"]!, random.pick([0, 5_000_000, 999_000_000]));
    return made;
  }
  if (name === "FieldMask") {
    const paths = made.get(type.field["paths"]!) as ReflectList;
    for (let left = random.below(3); left > 0; left--) paths.add(random.pick(["a", "a_b.c", "created_at"]));
    return made;
  }
  return reflect(type, randomMessage(random, type, depth - 1));
}

function fill(random: Random, message: ReflectMessage, field: DescField, depth: number): void {
  const count = random.below(4);
  switch (field.fieldKind) {
    case "scalar":
      message.set(field, scalar(random, field.scalar));
      break;
    case "enum":
      message.set(field, random.pick(field.enum.values).number);
      break;
    case "message":
      if (depth > 0) message.set(field, inside(random, field.message, depth));
      break;
    case "list": {
      const list = message.get(field);
      for (let left = count; left > 0; left--) {
        if (field.listKind === "message") {
          if (depth > 0) list.add(inside(random, field.message, depth));
        } else if (field.listKind === "enum") list.add(random.pick(field.enum.values).number);
        else list.add(scalar(random, field.scalar));
      }
      break;
    }
    case "map": {
      const map = message.get(field);
      for (let left = count; left > 0; left--) {
        const key = scalar(random, field.mapKey) as never;
        if (field.mapKind === "message") {
          if (depth > 0) map.set(key, inside(random, field.message, depth));
        } else if (field.mapKind === "enum") map.set(key, random.pick(field.enum.values).number);
        else map.set(key, scalar(random, field.scalar));
      }
    }
  }
}
