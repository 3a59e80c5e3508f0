/** The URL of `baseUrl`. Throws a TypeError if it is none. */
export function urlOf(baseUrl: string): URL {
  const { location } = globalThis as { location?: { href: string } };
  return new URL(baseUrl, location?.href);
}
