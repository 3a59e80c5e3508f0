/** A message that has no form in JSON, or JSON that is no such message. */
export class JsonError extends Error {
  override readonly name = "JsonError";

  /** What is wrong. */
  readonly reason: string;

  /** The field at fault, as `users[3].created_at`; empty for the message itself. */
  path = "";

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
  }

  /** Says which field, or item of a list, an error is in, of all that are around it the outermost last. */
  static at(segment: string, error: unknown): unknown {
    if (error instanceof JsonError) {
      const { path } = error;
      error.path = path === "" || path.startsWith("[") ? `${segment}${path}` : `${segment}.${path}`;
      error.message = `${error.path}: ${error.reason}`;
    }
    return error;
  }
}

/** What JSON has in place of what was wanted, for an error. */
export function found(json: unknown): string {
  if (json === null) return "null";
  if (Array.isArray(json)) return "an array";
  if (typeof json === "string") return JSON.stringify(json.length > 60 ? `${json.slice(0, 60)}…` : json);
  if (typeof json === "number" || typeof json === "bigint" || typeof json === "boolean") return `${json}`;
  return json === undefined ? "undefined" : `a ${typeof json}`;
}

/** The error for a value of another kind than is wanted. */
export function wanted(what: string, json: unknown): JsonError {
  return new JsonError(`not ${what}: ${found(json)}`);
}
