/** Imports a generated module that is JavaScript, which the compiler leaves where it is. */
export async function importGenerated<T>(path: string): Promise<T> {
  return (await import(new URL(`../../src/gen/codec/${path}`, import.meta.url).href)) as T;
}
