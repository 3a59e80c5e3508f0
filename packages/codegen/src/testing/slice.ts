import type { DescMessage } from "@bufbuild/protobuf";
import { MessageMaker, type MessageLimits } from "./random-message.js";
import { Random } from "./random.js";
import type { Generated, RandomSuite } from "./suite.js";

/** Messages of one suite, of what the plugin made under one set of options. The seed and the place of each say what it has. */
export interface Slice {
  suite: RandomSuite;
  generated: Generated;
  /** The plugin's parameter. */
  options: string;
  seed: number;
  count: number;
}

/** The type of a slice's message. */
export function schemaAt({ suite: { types } }: Slice, index: number): DescMessage {
  return types[index % types.length]!;
}

/** Makes a slice's message. */
export function makerAt({ seed }: Slice, index: number, limits: MessageLimits): MessageMaker {
  return new MessageMaker(new Random(seed * 1_000_003 + index), limits);
}

/** What an error says of a message, so that it can be made again. */
export function placeOf(slice: Slice, index: number): string {
  return `seed ${slice.seed}, message ${index}, ${schemaAt(slice, index).typeName}, options "${slice.options}"`;
}
