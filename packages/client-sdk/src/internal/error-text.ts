/** What a thrown value has to say for itself. (`instanceof Error` does not hold across realms.) */
export function errorText(thrown: unknown): string {
  const message = (thrown as { message?: unknown } | null | undefined)?.message;
  return typeof message === "string" ? message : String(thrown);
}
