/**
 * Pure: the name most like one that is not known; undefined if none is like it.
 *
 * @param maxDistance The number of letters that may be wrong. Default: half of them, beyond which a name is another one.
 */
export function nearestName(
  wrong: string,
  known: Iterable<string>,
  maxDistance = Infinity,
): string | undefined {
  const plainWrong = plain(wrong);
  let nearest: string | undefined;
  let least = Math.min(Math.max(1, Math.ceil(plainWrong.length / 2)), maxDistance + 1);
  for (const name of known) {
    const distance = distanceOf(plainWrong, plain(name));
    if (distance >= least) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

/** Pure: `; did you mean '…'?` with the name most like one that is not known; empty if none is. */
export function didYouMean(wrong: string, known: Iterable<string>, maxDistance?: number): string {
  const nearest = nearestName(wrong, known, maxDistance);
  return nearest === undefined ? "" : `; did you mean '${nearest}'?`;
}

/** The shortest part of a name that is taken for the whole. */
const MIN_PART = 4;

/** A name without what people write in more than one way. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[-_. ]/g, "");
}

function distanceOf(from: string, to: string): number {
  const [short, long] = from.length < to.length ? [from, to] : [to, from];
  // `timeout` is nearer to `timeoutMs` than to `runtime`.
  // And nearer than to `stallTimeoutMs`.
  if (short.length >= MIN_PART && long.includes(short))
    return short === long ? 0 : 2 - 1 / (long.length - short.length);
  return editDistance(from, to);
}

/** The number of letters to insert, remove, replace or swap that makes one text the other (Damerau and Levenshtein). */
function editDistance(from: string, to: string): number {
  let before: number[] = [];
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      const swapped = i > 1 && j > 1 && from[i - 1] === to[j - 2] && from[i - 2] === to[j - 1];
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1, swapped ? before[j - 2]! + 1 : Infinity));
    }
    before = row;
    row = next;
  }
  return row[to.length]!;
}
