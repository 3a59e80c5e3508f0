/** The number of entries that the static table has; the dynamic table's first index is one more (RFC 7541, section 2.3.3). */
export const STATIC_TABLE_LENGTH = 61;

/** RFC 7541 appendix A. Entry `i`, from 1, is `[2 * i]` its name and `[2 * i + 1]` its value. */
export const STATIC_TABLE: readonly string[] = [
  ["", ""], // index 0 is not used
  [":authority", ""],
  [":method", "GET"],
  [":method", "POST"],
  [":path", "/"],
  [":path", "/index.html"],
  [":scheme", "http"],
  [":scheme", "https"],
  [":status", "200"],
  [":status", "204"],
  [":status", "206"],
  [":status", "304"],
  [":status", "400"],
  [":status", "404"],
  [":status", "500"],
  ["accept-charset", ""],
  ["accept-encoding", "gzip, deflate"],
  ["accept-language", ""],
  ["accept-ranges", ""],
  ["accept", ""],
  ["access-control-allow-origin", ""],
  ["age", ""],
  ["allow", ""],
  ["authorization", ""],
  ["cache-control", ""],
  ["content-disposition", ""],
  ["content-encoding", ""],
  ["content-language", ""],
  ["content-length", ""],
  ["content-location", ""],
  ["content-range", ""],
  ["content-type", ""],
  ["cookie", ""],
  ["date", ""],
  ["etag", ""],
  ["expect", ""],
  ["expires", ""],
  ["from", ""],
  ["host", ""],
  ["if-match", ""],
  ["if-modified-since", ""],
  ["if-none-match", ""],
  ["if-range", ""],
  ["if-unmodified-since", ""],
  ["last-modified", ""],
  ["link", ""],
  ["location", ""],
  ["max-forwards", ""],
  ["proxy-authenticate", ""],
  ["proxy-authorization", ""],
  ["range", ""],
  ["referer", ""],
  ["refresh", ""],
  ["retry-after", ""],
  ["server", ""],
  ["set-cookie", ""],
  ["strict-transport-security", ""],
  ["transfer-encoding", ""],
  ["user-agent", ""],
  ["vary", ""],
  ["via", ""],
  ["www-authenticate", ""],
].flat();

/** Where a name stands in the static table: its first entry, and each of its values' entries. */
export interface StaticName {
  readonly index: number;
  readonly values: ReadonlyMap<string, number>;
}

let names: Map<string, StaticName> | undefined;

/** Looks a name up in the static table, whose index is built at the first use. */
export function findStaticName(name: string): StaticName | undefined {
  names ??= indexNames();
  return names.get(name);
}

function indexNames(): Map<string, StaticName> {
  const index = new Map<string, { index: number; values: Map<string, number> }>();
  for (let i = 1; i <= STATIC_TABLE_LENGTH; i++) {
    const name = STATIC_TABLE[2 * i]!;
    const entry = index.get(name) ?? { index: i, values: new Map<string, number>() };
    entry.values.set(STATIC_TABLE[2 * i + 1]!, i);
    index.set(name, entry);
  }
  return index;
}
