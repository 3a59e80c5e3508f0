/** The text of a thrown value, whatever it is. (`instanceof Error` does not hold across realms.) Never throws. */
export function errorText(thrown: unknown): string {
  try {
    const message = (thrown as { message?: unknown } | null | undefined)?.message;
    return typeof message === "string" ? message : String(thrown);
  } catch {
    // An error whose `message` throws, or an object without a prototype.
    return "an error without a text";
  }
}
