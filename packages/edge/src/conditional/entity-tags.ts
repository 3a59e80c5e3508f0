/** A tag of one state of a resource (RFC 9110, section 8.8.3), without its quotes. */
export interface EntityTag {
  readonly opaque: string;
  readonly isWeak: boolean;
  /** The coding of the body that it goes with: a strong tag is of one alone (RFC 9110, section 8.8.3.3). */
  readonly coding?: string | undefined;
}

/** What the edge puts at the end of a tag for its coding. */
const CODING = /;(br|gzip)$/;

/** Tags of a list, one after another; a backslash is one of their characters. Empty parts of a list are none (RFC 9110, section 5.6.1). */
const TAG = /[ \t,]*(W\/)?"([!#-~\x80-\xff]*)"[ \t]*(?:,[ \t,]*|$)/y;

/** The tags of `if-match` or `if-none-match`: `*` for any. Undefined for what is no such list. */
export function parseTags(value: string): "*" | readonly EntityTag[] | undefined {
  if (value.trim() === "*") return "*";
  const tags: EntityTag[] = [];
  TAG.lastIndex = 0;
  while (TAG.lastIndex < value.length) {
    const found = TAG.exec(value);
    if (found === null) return undefined;
    const [, weak, opaque = ""] = found;
    tags.push({
      opaque: opaque.replace(CODING, ""),
      isWeak: weak !== undefined,
      coding: CODING.exec(opaque)?.[1],
    });
  }
  return tags.length === 0 ? undefined : tags;
}

/** The tag that a field's value is. Undefined for one that has no form in a header field. */
export function tagOfField(value: string, isQuoted: boolean): EntityTag | undefined {
  if (!isQuoted) return /^[!#-~]+$/.test(value) ? { opaque: value, isWeak: false } : undefined;
  const [, weak, opaque] = /^(W\/)?"([!#-~]*)"$/.exec(value) ?? [];
  return opaque === undefined ? undefined : { opaque, isWeak: weak !== undefined };
}

/** The value that a field has for a tag. */
export function fieldOfTag(tag: EntityTag, isQuoted: boolean): string {
  return isQuoted ? tagText(tag) : tag.opaque;
}

/** The text of a tag, or of another coding's. A weak one stands for all codings. */
export function tagText({ opaque, isWeak, coding: own }: EntityTag, coding = own): string {
  if (isWeak) return `W/"${opaque}"`;
  return coding === undefined ? `"${opaque}"` : `"${opaque};${coding}"`;
}
