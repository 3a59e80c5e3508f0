/** The most of an answer that an error shows, in characters. */
const SHOWN = 200;

/** Adds what stands there to an error's text: content-type, server, and the beginning of the body, in one line. */
export function describePage(
  what: string,
  headers: { get(name: string): string | null },
  body: Uint8Array,
): string {
  let text = what;
  for (const name of ["content-type", "server"]) {
    const value = headers.get(name);
    if (value) text += `, ${name} "${value}"`;
  }
  if (body.length > 0) text += `: ${new TextDecoder().decode(body)}`;
  // Characters that a log or a terminal would obey are not shown.
  return text
    .replace(/[\s\p{C}\ufffd]+/gu, " ")
    .trim()
    .slice(0, SHOWN);
}
