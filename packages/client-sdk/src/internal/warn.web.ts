/** Warns of something that ends nothing. */
export function warn(warning: Error | string): void {
  console.warn(warning);
}
