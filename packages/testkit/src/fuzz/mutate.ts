import type { PieceForm } from "./fuzz-target.js";
import type { Random } from "./random.js";

/** The material of mutations. */
export interface Mutations {
  readonly random: Random;
  /** The inputs that may lend a part. */
  readonly others: readonly Buffer[];
  readonly dictionary: readonly Buffer[];
  readonly pieces: PieceForm | undefined;
  readonly maxBytes: number;
}

/** Bytes at which formats change their minds. */
const SPECIAL = [0, 1, 0x0a, 0x20, 0x2c, 0x30, 0x3f, 0x40, 0x7f, 0x80, 0x82, 0xbf, 0xc0, 0xff];

/** The most changes of one mutation. */
const MAX_CHANGES = 5;

/** One piece in so many is left broken. */
const BROKEN_PIECES = 20;

/** Another input, a few changes away. */
export function mutate(input: Buffer, mutations: Mutations): Buffer {
  const { random, pieces, maxBytes } = mutations;
  let result = input;
  for (let changes = 1 + random.below(MAX_CHANGES); changes > 0; changes--) {
    result =
      pieces !== undefined && random.below(4) > 0
        ? changePieces(result, pieces, mutations)
        : changeBytes(result, mutations);
  }
  return Buffer.from(result.subarray(0, maxBytes));
}

function changePieces(input: Buffer, form: PieceForm, mutations: Mutations): Buffer {
  const { random, others } = mutations;
  const all = form.split(input);
  const at = random.below(all.length + 1);
  switch (random.below(6)) {
    case 0:
      all.splice(at, 1);
      break;
    case 1:
      // One again, up to some hundred times.
      if (all.length > 0) all.splice(at, 0, ...repeat(random.pick(all), 1 << random.below(8)));
      break;
    case 2: {
      const lent = form.split(random.pick(others));
      const from = random.below(lent.length);
      all.splice(at, 0, ...lent.slice(from, from + 1 + random.below(4)));
      break;
    }
    case 3:
      all.push(...all.splice(at, 1));
      break;
    default: {
      const piece = all[at];
      if (piece === undefined) break;
      const changed = changeBytes(piece, mutations);
      all[at] = random.below(BROKEN_PIECES) === 0 ? changed : form.mend(changed);
    }
  }
  return Buffer.concat(all);
}

function changeBytes(input: Buffer, { random, others, dictionary }: Mutations): Buffer {
  const at = random.below(input.length + 1);
  const word = dictionary.length === 0 ? Buffer.of(random.pick(SPECIAL)) : random.pick(dictionary);
  switch (random.below(11)) {
    case 0:
      return replace(input, at, 1, Buffer.of(random.below(256)));
    case 1:
      return replace(input, at, 1, Buffer.of(random.pick(SPECIAL)));
    case 2:
      return replace(input, at, 1, Buffer.of((input[at] ?? 0) ^ (1 << random.below(8))));
    case 3:
      return replace(input, at, 1, Buffer.of((input[at] ?? 0) + random.below(9) - 4));
    case 4:
      return replace(input, at, 1 + random.below(8), Buffer.alloc(0));
    case 5:
      return replace(input, at, 0, Buffer.of(random.below(256), random.below(256)).subarray(random.below(2)));
    case 6: {
      const part = input.subarray(at, at + 1 + random.below(16));
      return replace(
        input,
        random.below(input.length + 1),
        0,
        Buffer.concat(repeat(part, 1 << random.below(7))),
      );
    }
    case 7: {
      const other = random.pick(others);
      const from = random.below(other.length + 1);
      return replace(input, at, random.below(8), other.subarray(from, from + random.below(64)));
    }
    case 8:
      return replace(input, at, 0, word);
    case 9:
      return replace(input, at, word.length, word);
    default:
      return random.below(4) === 0 ? input.subarray(0, at) : replace(input, at, 1, Buffer.of(0xff));
  }
}

/** The bytes with `length` of them, from `at` on, replaced. */
function replace(input: Buffer, at: number, length: number, by: Buffer): Buffer {
  return Buffer.concat([input.subarray(0, at), by, input.subarray(at + length)]);
}

function repeat(part: Buffer, times: number): Buffer[] {
  return Array.from({ length: times }, () => part);
}
