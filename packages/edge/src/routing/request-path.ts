/** The path of a request, before its segments are looked at. */
export interface RequestPath {
  /** The parts between the slashes, as they came. */
  readonly segments: readonly string[];
  /** True if one of them has a percent sign. */
  readonly isEncoded: boolean;
}

/** What may stand in a path (RFC 3986, "pchar" and the slash), and what browsers leave in one. */
// oxlint-disable-next-line no-control-regex
const NOT_A_PATH = /[\0-\x20\x7f-\uffff]|%(?![0-9A-Fa-f]{2})/;
/** True for a segment that names a place relative to another one (RFC 3986, section 3.3), also if it is encoded. */
export function isDots(segment: string): boolean {
  return /^(?:\.|%2e){1,2}$/i.test(segment);
}

/** Takes a path apart. Undefined for one that is none, or that has dot segments: a client leaves none in it. */
export function parsePath(path: string): RequestPath | undefined {
  if (!path.startsWith("/") || NOT_A_PATH.test(path)) return undefined;
  const segments = path === "/" ? [] : path.slice(1).split("/");
  const mayHaveDots = path.includes("/.") || path.includes("/%2");
  if (mayHaveDots && segments.some(isDots)) return undefined;
  return { segments, isEncoded: path.includes("%") };
}

/** A segment as text; undefined if its bytes are no UTF-8. */
export function decodeSegment(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/** A segment of several that are one value: %2F stays, since a slash would be a border there (http.proto). */
export function decodeOneOfSegments(segment: string): string | undefined {
  if (!segment.includes("%")) return segment;
  const parts = segment.split(/(%2f)/i).map((part) => (/^%2f$/i.test(part) ? part : decodeSegment(part)));
  return parts.every((part) => part !== undefined) ? parts.join("") : undefined;
}
