/** A parameter of a URL's query. */
export interface QueryParameter {
  readonly name: string;
  readonly value: string;
}

/** A query that is none. */
export interface QueryFault {
  /** The parameter's name as it came, and what is wrong. */
  readonly name: string;
  readonly fault: string;
}

/** Reads a query, as forms have it: parameters between `&`, a space as `+`. */
export function parseQuery(query: string): (QueryParameter | QueryFault)[] {
  if (query === "") return [];
  return query
    .split("&")
    .filter((part) => part !== "")
    .map((part) => {
      const at = part.indexOf("=");
      const rawName = at < 0 ? part : part.slice(0, at);
      const name = decode(rawName);
      const value = at < 0 ? "" : decode(part.slice(at + 1));
      return name === undefined || value === undefined
        ? { name: name ?? rawName, fault: "percent-encoding that is malformed" }
        : { name, value };
    });
}

function decode(text: string): string | undefined {
  const spaced = text.includes("+") ? text.replaceAll("+", " ") : text;
  if (!spaced.includes("%")) return spaced;
  try {
    return decodeURIComponent(spaced);
  } catch {
    return undefined;
  }
}
