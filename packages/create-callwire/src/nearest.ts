/** The number of letters to add, leave out or replace to make one text of another (Levenshtein). */
export function distance(a: string, b: string): number {
  let before = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const replaced = before[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      row.push(Math.min(replaced, before[j]! + 1, row[j - 1]! + 1));
    }
    before = row;
  }
  return before[b.length]!;
}

/** The shortest beginning of a name that is taken for the whole. */
const MIN_PART = 3;

/** Pure: "; did you mean 'x'?" for the nearest name, if one is near enough; else "". */
export function didYouMean(name: string, names: readonly string[]): string {
  const [nearest] = names
    .map((known) => ({ known, letters: distance(name.toLowerCase(), known) }))
    .filter(
      ({ known, letters }) =>
        letters <= Math.max(1, known.length / 3) || (name.length >= MIN_PART && known.startsWith(name)),
    )
    .toSorted((a, b) => a.letters - b.letters);
  return nearest === undefined ? "" : `; did you mean '${nearest.known}'?`;
}
