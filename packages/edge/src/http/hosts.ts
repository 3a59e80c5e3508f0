/**
 * The hosts by which clients may ask. A page can have its own name lead to a server that only its reader reaches (DNS rebinding):
 * the browser then takes both for one origin, but asks by the page's name.
 */
export class Hosts {
  readonly #names: ReadonlySet<string>;

  /** @param names Without ports. */
  constructor(names: readonly string[]) {
    this.#names = new Set(names.map((name) => name.toLowerCase()));
  }

  /** True if an authority, `host` or `host:port`, is one of them. */
  has(authority: string): boolean {
    return this.#names.has(authority.replace(/:\d*$/, "").toLowerCase());
  }
}
