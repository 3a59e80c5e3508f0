/** A random UUID (RFC 9562, version 4). `crypto.randomUUID` is for secure contexts alone, which a page from http:// is not. */
export function randomUuid(): string {
  const digits = Array.from(crypto.getRandomValues(new Uint16Array(8)), (word) =>
    (word | 0x10000).toString(16).slice(1),
  ).join("");
  // RFC 9562, section 5.4: the version and the variant.
  return digits.replace(/^(.{8})(.{4}).(...).(...)/, "$1-$2-4$3-8$4-");
}
