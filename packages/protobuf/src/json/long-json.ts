/** The UTF-16 units of a part. */
const PART_UNITS = 16 * 1024;

/** As JSON.stringify of a text, a part at a time: the engine of some versions of Node.js takes half as long for it so. */
export function longJson(text: string): string {
  let json = '"';
  let end: number;
  for (let start = 0; start < text.length; start = end) {
    end = Math.min(start + PART_UNITS, text.length);
    // A pair of surrogates is not parted.
    if (end < text.length && (text.charCodeAt(end - 1) & 0xfc00) === 0xd800) end--;
    json += JSON.stringify(text.slice(start, end)).slice(1, -1);
  }
  return `${json}"`;
}
