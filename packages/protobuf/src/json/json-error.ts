/** JSON that is no message, or a message that has no form in JSON. */
export class JsonError extends Error {
  override readonly name = "JsonError";

  /** The reason alone. */
  readonly reason: string;

  #path = "";

  constructor(reason: string) {
    super(reason);
    this.reason = reason;
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
      error.#path = part + (/^\w/.test(error.#path) ? "." : "") + error.#path;
      error.message = `${error.#path}: ${error.reason}`;
      // The engine has copied the message there.
      if (error.stack !== undefined) error.stack = error.stack.replace(message, () => error.message);
    }
    return error;
  }
}

/** The most characters of a value that an error shows. */
const MAX_SHOWN = 60;

/** The error for a value that is not `what`: "an int32". */
export function isNot(what: string, value: unknown): JsonError {
  let shown = Array.isArray(value) ? "a list" : value instanceof Object ? "an object" : String(value);
  if (typeof value === "string") shown = JSON.stringify(value);
  if (shown.length > MAX_SHOWN) shown = `${shown.slice(0, MAX_SHOWN)}…`;
  return new JsonError(`not ${what}: ${shown}`);
}
