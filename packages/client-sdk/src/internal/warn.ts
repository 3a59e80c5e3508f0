/** Warns of something that ends nothing. The process says it once. */
export function warn(warning: Error | string, ...options: [{ type: string; code: string }?]): void {
  process.emitWarning(warning, ...options);
}
