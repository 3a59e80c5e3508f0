/** Says what was thrown where nothing may throw. */
export function reportBug(thrown: unknown): void {
  console.warn(thrown);
}
