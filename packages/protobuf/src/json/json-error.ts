/** A name of a field or of an enum's value that is not known. */
export interface WrongName {
  readonly wrong: string;
  /** The names that are known there. */
  readonly known: readonly string[];
}

/** JSON that is no message, or a message that has no form in JSON. */
export class JsonError extends Error {
  override readonly name = "JsonError";

  /** The reason alone. */
  readonly reason: string;

  /** A name that is not known, and those that are; undefined for all other reasons. */
  readonly names: WrongName | undefined;

  #path = "";

  constructor(reason: string, names?: WrongName) {
    super(reason);
    this.reason = reason;
    this.names = names;
  }

  /** The field in its message, by names of the contract: `users[3].created_at`. Empty for the message itself. */
  get path(): string {
    return this.#path;
  }

  /**
   * The error of an inner part as one of the part around it.
   *
   * @param part The name of a field, or an index: `[3]`.
   * @param error What was thrown; what is no JsonError stays as it is.
   */
  static within(part: string, error: unknown): unknown {
    if (error instanceof JsonError) {
      const { message } = error;
      const path = shortened(part, MAX_SHOWN_KEY) + (/^\w/.test(error.#path) ? "." : "") + error.#path;
      error.#path = shortened(path, MAX_SHOWN_PATH);
      error.message = `${error.#path}: ${error.reason}`;
      // The engine has copied the message there.
      if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
    }
    return error;
  }
}

/** The most characters of a value that an error shows, of each key in a path, and of a path: whoever sends them chooses their length. */
const MAX_SHOWN = 60;
const MAX_SHOWN_KEY = 200;
const MAX_SHOWN_PATH = 2000;

function shortened(text: string, max: number): string {
  return text.length > max ? `${text.slice(0, max)}…` : text;
}

/** The error for a value that is not `what`: "an int32". @param names Those that would be one. */
export function isNot(what: string, value: unknown, names?: readonly string[]): JsonError {
  const kind = Array.isArray(value) ? "a list" : value instanceof Object ? "an object" : String(value);
  // Of a text only its beginning is quoted: it may be megabytes.
  const text = typeof value === "string" ? JSON.stringify(value.slice(0, MAX_SHOWN)) : kind;
  const shown = shortened(text, MAX_SHOWN);
  return new JsonError(`not ${what}: ${shown}`, names && { wrong: kind, known: names });
}
