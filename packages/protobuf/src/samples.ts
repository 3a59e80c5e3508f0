/** The number of a long text's characters that are looked at. */
const SAMPLES = 16;

/** True if some characters of a long text, here and there in it, are all below a power of two. */
export function looksBelow(text: string, power: number): boolean {
  let bits = 0;
  for (let i = 0; i < SAMPLES; i++) bits |= text.charCodeAt(Math.floor((text.length * i) / SAMPLES));
  return bits < power;
}
