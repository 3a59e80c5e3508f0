const PARTS = {
  ",": /(?:[^",]|"(?:[^"\\]|\\.)*"?)+/g,
  ";": /(?:[^";]|"(?:[^"\\]|\\.)*"?)+/g,
} as const;

/** The parts of a header field's value (RFC 9110, section 5.6.1), trimmed: a separator in quotes is none, and empty parts are left out. */
export function partsOf(value: string, separator: keyof typeof PARTS = ","): string[] {
  return (value.match(PARTS[separator]) ?? []).map((part) => part.trim()).filter((part) => part !== "");
}

/** The name of `name=value`, in lower case, and the value without its quotes; empty without a value. */
export function pairOf(part: string): readonly [name: string, value: string] {
  const at = part.indexOf("=");
  if (at < 0) return [part.trim().toLowerCase(), ""];
  const value = part.slice(at + 1).trim();
  const isQuoted = value.length >= 2 && value.startsWith('"') && value.endsWith('"');
  return [
    part.slice(0, at).trim().toLowerCase(),
    isQuoted ? value.slice(1, -1).replaceAll(/\\(.)/g, "$1") : value,
  ];
}

/** True for what HTTP has as a name or a method (RFC 9110, section 5.6.2). */
export function isToken(text: string): boolean {
  return /^[!#$%&'*+\-.^_`|~\w]+$/.test(text);
}
