/** Something that takes bytes of a stranger, and the properties that it keeps whatever they are. */
export interface FuzzTarget {
  /** The name by which `pnpm fuzz` and the corpus know it: kebab-case. */
  readonly name: string;
  /** One line for `pnpm fuzz --help`. */
  readonly about: string;
  /** The parts of source paths, as `/hpack/`, whose coverage guides the fuzzer. */
  readonly covers: readonly string[];
  /** The longest input, in bytes. */
  readonly maxBytes: number;
  /** True if inputs are readable: the corpus then keeps them as JSON strings, and as hexadecimal digits otherwise. */
  readonly isText?: boolean;
  /** Inputs that mean something. */
  readonly seeds: () => readonly (string | Uint8Array)[];
  /** Parts of inputs that chance would not find. */
  readonly dictionary?: readonly (string | Uint8Array)[];
  /** The parts that an input consists of. Default: its bytes alone. */
  readonly pieces?: PieceForm;
  /**
   * The most statements that one input may execute: `base`, and `perByte` for each of its bytes. A counted bound, so that
   * work that grows faster than the input fails on any machine.
   */
  readonly maxSteps: { readonly base: number; readonly perByte: number };
  open(): FuzzSession | Promise<FuzzSession>;
}

/** The state that inputs share, as a server. */
export interface FuzzSession {
  /** Takes one input. Throws, or rejects, if a property does not hold. */
  run(input: Buffer): void | Promise<void>;
  close?(): void | Promise<void>;
}

/** A form of inputs that have parts, as frames. */
export interface PieceForm {
  /** The parts, which together are the input. */
  split(input: Buffer): Buffer[];
  /** Puts right what a mutation of a part breaks, as its length. */
  mend(piece: Buffer): Buffer;
}

/** Fails if a property does not hold. */
export function mustHold(holds: boolean, what: string): asserts holds {
  if (!holds) throw new Error(what);
}

/** The result; undefined if it fails as it may. Another error comes through. */
export function resultOf<T>(work: () => T, isAllowed: (error: unknown) => boolean): { value: T } | undefined {
  try {
    return { value: work() };
  } catch (error) {
    if (isAllowed(error)) return undefined;
    throw error;
  }
}

/** Input as text that may hold anything that a JavaScript string can: bytes that are not UTF-8 become halves of surrogate pairs. */
export function looseText(input: Buffer): string {
  return input.toString("utf8").replaceAll("\ufffd", "\ud800");
}
