/**
 * Shortens an input for as long as it keeps what it is kept for.
 *
 * @param tries The most inputs that are tried.
 */
export async function shrink(
  input: Buffer,
  keeps: (shorter: Buffer) => Promise<boolean>,
  tries: number,
): Promise<Buffer> {
  let result = input;
  for (let size = result.length; size >= 1 && tries > 0; size = Math.floor(size / 2)) {
    for (let at = 0; at < result.length && tries > 0;) {
      const shorter = Buffer.concat([result.subarray(0, at), result.subarray(at + size)]);
      tries--;
      if (await keeps(shorter)) result = shorter;
      else at += size;
    }
  }
  return result;
}
