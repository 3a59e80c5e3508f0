/** The number of letters that a name may be wrong by and still be taken for another one. */
const MAX_DISTANCE = 3;

/** Pure: ` (did you mean …?)` with the name most like one that is not known; empty if none is. */
export function didYouMean(name: string, known: readonly string[]): string {
  let nearest: string | undefined;
  let least = Math.min(MAX_DISTANCE, Math.floor(name.length / 2)) + 1;
  for (const each of known) {
    const distance = editDistance(name.toLowerCase(), each.toLowerCase());
    if (distance >= least) continue;
    least = distance;
    nearest = each;
  }
  return nearest === undefined ? "" : ` (did you mean ${nearest}?)`;
}

/** The number of letters to insert, remove or replace that makes one text the other (Levenshtein). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, i) => i);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
