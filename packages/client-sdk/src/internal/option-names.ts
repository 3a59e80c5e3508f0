/** The number of letters that must change to make one word of another (Levenshtein). */
function distance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, i) => i);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[b.length]!;
}

/**
 * Checks the names of options. Throws a TypeError for one that is not known, with the known name that is nearest.
 *
 * @param where The owner of the options, such as "createClient".
 */
export function checkOptionNames(where: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const lower = name.toLowerCase();
    const [nearest] = known.toSorted(
      (a, b) => distance(lower, a.toLowerCase()) - distance(lower, b.toLowerCase()),
    );
    throw new TypeError(`${where} has no option ${JSON.stringify(name)}: the nearest is "${nearest}"`);
  }
}
