/** Sentences to make text of. */
export const scripts = {
  /** ASCII alone. */
  english: [
    "The quick brown fox jumps over the lazy dog, and the dog does not mind it at all.",
    'Pack my box with five dozen liquor jugs; "how vexingly quick", said the daft zebras.',
    "A line of a log has a time, a level, the name of what wrote it, and something to say.",
  ],
  /** Characters of one byte, two, three and four. */
  several: [
    "The quick brown fox jumps over the lazy dog, and the dog does not mind it at all.",
    "Zwölf Boxkämpfer jagen Viktor quer über den großen Sylter Deich — “voilà”, dit l’élève.",
    "Съешь же ещё этих мягких французских булок, да выпей чаю.",
    "いろはにほへと ちりぬるを わかよたれそ つねならむ 🙂",
  ],
} as const;

/** Text of whole sentences that takes at least so many bytes in UTF-8, and hardly more. */
export function proseOf(sentences: readonly string[], bytes: number, seed: number): string {
  const parts: string[] = [];
  for (let size = 0, index = seed; size < bytes; index++) {
    const sentence = `${index} ${sentences[index % sentences.length]!}\n`;
    parts.push(sentence);
    size += Buffer.byteLength(sentence);
  }
  return parts.join("");
}
