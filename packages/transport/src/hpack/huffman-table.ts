/**
 * The number of bits of each symbol's code, a base-36 digit a symbol: 256 bytes, then EOS. RFC 7541's code
 * (appendix B) is canonical, so the lengths alone give every code: counting up, shorter codes first, and
 * symbols in order within a length.
 */
const CODE_LENGTHS =
  "dnsssssssoussussssssssusssssssss" + // 0x00, control characters
  "6aacd68baa8b8666555666666678f6ca" + // 0x20, space to ?
  "d67777777777777777777777878djde6" + // 0x40, @ to _
  "f56565666577666567655677777fbeds" + // 0x60, ` to ~
  "kmkkmmmnmnnnnnonoomnonnnnlmnmnno" + // 0x80
  "mlkmmnnlnmmolmnnllmlnmnnkmmmnmmn" + // 0xa0
  "qqkjmnmpqqqrrqopjlqrrqrollqqsrrr" + // 0xc0
  "koklmllnmmppooqnqrqqrrrrrsrrrrrq" + // 0xe0
  "u";

/** The symbol that no string may contain; its first bits are the padding (RFC 7541, section 5.2). */
const EOS = 256;

/** In a transition: the byte in the low 8 bits is a symbol that has just ended. */
export const EMIT_SHIFT = 8;
/** In a transition: the string may end here, what is left over being padding. */
export const ACCEPT = 1 << 9;
/** In a transition: shifted down by this, the first transition of the next state. */
export const NEXT_SHIFT = 16;

export interface HuffmanTables {
  /** Each byte's code, right-aligned. */
  readonly codes: Uint32Array;
  /** Each byte's code length in bits. */
  readonly lengths: Uint8Array;
  /** 16 transitions for each state, one for each value of the next four bits. */
  readonly transitions: Int32Array;
}

let tables: HuffmanTables | undefined;

/** The tables, built at the first use in well under a millisecond. */
export function huffmanTables(): HuffmanTables {
  return (tables ??= buildTables());
}

function buildTables(): HuffmanTables {
  const lengths = Array.from(CODE_LENGTHS, (digit) => Number.parseInt(digit, 36));
  const codes = canonicalCodes(lengths);
  return {
    codes: Uint32Array.from(codes.slice(0, EOS)),
    lengths: Uint8Array.from(lengths.slice(0, EOS)),
    transitions: buildTransitions(codes, lengths),
  };
}

function canonicalCodes(lengths: readonly number[]): number[] {
  const codes: number[] = [];
  let next = 0;
  for (let length = 1; length <= 30; length++) {
    next *= 2;
    for (let symbol = 0; symbol <= EOS; symbol++) if (lengths[symbol] === length) codes[symbol] = next++;
  }
  return codes;
}

/** One bit further down the code's tree: a node's two children, a leaf being the complement of its symbol. */
type Tree = [zero: number, one: number][];

function buildTree(codes: readonly number[], lengths: readonly number[]): Tree {
  const tree: Tree = [[0, 0]];
  for (let symbol = 0; symbol <= EOS; symbol++) {
    let node = 0;
    for (let bit = lengths[symbol]! - 1; bit >= 0; bit--) {
      const side = ((codes[symbol]! >>> bit) & 1) as 0 | 1;
      if (bit === 0) tree[node]![side] = ~symbol;
      else node = tree[node]![side] ||= tree.push([0, 0]) - 1;
    }
  }
  return tree;
}

/**
 * A state is an inner node of the tree, that is, the bits read since the last symbol. One more state is a
 * sink that EOS leads to: nothing leaves it, and a string that ends there is refused.
 */
function buildTransitions(codes: readonly number[], lengths: readonly number[]): Int32Array {
  const tree = buildTree(codes, lengths);
  const sink = tree.length;
  const accepting = acceptingStates(tree);
  const transitions = new Int32Array((sink + 1) * 16).fill((sink * 16) << NEXT_SHIFT);
  for (let state = 0; state < sink; state++) {
    for (let bits = 0; bits < 16; bits++) {
      let node = state;
      let emitted = 0;
      for (let bit = 3; bit >= 0 && node !== sink; bit--) {
        const child = tree[node]![((bits >>> bit) & 1) as 0 | 1];
        if (child >= 0) node = child;
        else if (~child === EOS) node = sink;
        else {
          // The shortest code has five bits, so four bits end one symbol at most.
          emitted = (1 << EMIT_SHIFT) | ~child;
          node = 0;
        }
      }
      transitions[state * 16 + bits] =
        ((node * 16) << NEXT_SHIFT) | (accepting.has(node) ? ACCEPT : 0) | emitted;
    }
  }
  return transitions;
}

/** Padding is at most seven bits, all ones (RFC 7541, section 5.2): the root and seven nodes below it. */
function acceptingStates(tree: Tree): Set<number> {
  const states = new Set<number>();
  let node = 0;
  for (let depth = 0; depth <= 7; depth++) {
    states.add(node);
    node = tree[node]![1];
  }
  return states;
}
