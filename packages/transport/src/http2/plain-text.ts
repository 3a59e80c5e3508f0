/** The longest text of a peer's own that an error carries, in characters. */
const MAX_TEXT = 120;

/** A text of a peer's, short and on one line, without what a terminal would obey. */
export function plainText(text: string): string {
  const plain = text
    .replace(/\p{C}|\p{Zl}|\p{Zp}|\ufffd/gu, " ")
    .replace(/ {2,}/g, " ")
    .trim();
  return plain.length > MAX_TEXT ? `${plain.slice(0, MAX_TEXT)}…` : plain;
}

/**
 * The text of a socket's error, on one line and never empty. OpenSSL's has the address of a thread, numbers, the path of a source file
 * and a line feed: its reason says as much.
 */
export function socketErrorText(error: Error): string {
  const { code, reason, message } = error as Error & { code?: unknown; reason?: unknown };
  const named = typeof code === "string" && code !== "" ? code : "an error without a text";
  if (named.startsWith("ERR_SSL_") && typeof reason === "string" && reason !== "")
    return `${plainText(reason)} (${named})`;
  const text = typeof message === "string" ? plainText(message) : "";
  return text === "" ? named : text;
}
