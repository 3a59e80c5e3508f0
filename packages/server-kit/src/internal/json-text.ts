/** The most names that are known: those in a program's text are few, those out of data are without end. */
const MAX_KNOWN_NAMES = 1000;

/** A text as JSON. */
export function jsonText(text: string): string {
  return isPlain(text) ? `"${text}"` : JSON.stringify(text);
}

/** A text as JSON, without the quotation marks around it. */
export function jsonBody(text: string): string {
  return isPlain(text) ? text : JSON.stringify(text).slice(1, -1);
}

/** True if JSON takes a text as it is: printable ASCII but the quotation mark and the backslash. */
function isPlain(text: string): boolean {
  // Below zero once a character is another one: it takes half the time of an expression, which keeps its last match, too.
  let signs = 0;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    signs |= (char - 0x20) | (0x7e - char) | ((char ^ 0x22) - 1) | ((char ^ 0x5c) - 1);
  }
  return signs >= 0;
}

/**
 * Makes a function that writes the fields of an object as JSON, each with a comma before it, and a secret's value replaced. It
 * returns undefined if a field is neither text, a number nor a boolean. Those that are undefined are left out. An object that
 * is frozen is written once, as long as no other comes between.
 *
 * @param secretValue Gives the text to write instead of a field's value; undefined if it is no secret.
 */
export function flatJsonWriter(
  secretValue: (name: string) => string | undefined,
): (fields: Record<string, unknown>) => string | undefined {
  /** The text of a field by its name: a comma, the name and, for a secret, all of it. */
  const known = new Map<string, { readonly start: string; readonly isSecret: boolean }>();
  const learn = (name: string) => {
    const secret = secretValue(name);
    const start = `,${jsonText(name)}:${secret === undefined ? "" : jsonText(secret)}`;
    const learned = { start, isSecret: secret !== undefined };
    if (known.size < MAX_KNOWN_NAMES) known.set(name, learned);
    return learned;
  };
  const write = (fields: Record<string, unknown>) => {
    const texts: unknown[] = [];
    for (const name of Object.keys(fields)) {
      const value = fields[name];
      if (value === undefined) continue;
      const { start, isSecret } = known.get(name) ?? learn(name);
      texts.push(start);
      if (isSecret) continue;
      if (typeof value === "string") texts.push(jsonText(value));
      else if (typeof value === "boolean" || (typeof value === "number" && Number.isFinite(value)))
        texts.push(value);
      else return undefined;
    }
    return texts.join("");
  };
  let frozen: object | undefined;
  let frozenText: string | undefined;
  return (fields) => {
    if (fields === frozen) return frozenText;
    const text = write(fields);
    if (Object.isFrozen(fields)) {
      frozen = fields;
      frozenText = text;
    }
    return text;
  };
}
