/** Text that JSON takes as it is: printable ASCII but the quotation mark and the backslash. */
const PLAIN = /^[ !#-[\]-~]*$/;

/** A text as JSON. */
export function jsonText(text: string): string {
  return PLAIN.test(text) ? `"${text}"` : JSON.stringify(text);
}

/**
 * The fields of an object as JSON, each with a comma before it; undefined if one is neither text, a number nor a boolean.
 * Those that are undefined are left out.
 */
export function flatJsonFields(fields: Record<string, unknown>): string | undefined {
  let text = "";
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined) continue;
    if (typeof value === "string") text += `,${jsonText(name)}:${jsonText(value)}`;
    else if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)))
      text += `,${jsonText(name)}:${value}`;
    else return undefined;
  }
  return text;
}
