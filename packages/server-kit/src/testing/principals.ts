/** The principals that may be signed in to a test, by names of the test's own. */
export type Principals = Readonly<Record<string, unknown>>;

/** The token by which a test client is somebody. */
export function tokenOf(name: string): string {
  return `test.${Buffer.from(name).toString("base64url")}`;
}

/** Makes the `verify` of `auth` that knows these principals, and nobody else. */
export function verifierOf<P extends Principals>(principals: P): (token: string) => P[keyof P] | undefined {
  const byToken = new Map(Object.entries(principals).map(([name, principal]) => [tokenOf(name), principal]));
  return (token) => byToken.get(token) as P[keyof P] | undefined;
}
