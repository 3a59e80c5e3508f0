import { ProtobufError } from "./protobuf-error.js";

/**
 * Refuses what has no fields of its own, such as a text, a promise or a Map: it would go out as an empty message. An empty array loses
 * nothing as one.
 *
 * @throws {ProtobufError} That says what it is.
 */
export function checkFields(message: unknown): void {
  const what = kindWithoutFields(message);
  if (what !== undefined) throw new ProtobufError(`invalid message: ${what}`);
}

function kindWithoutFields(message: unknown): string | undefined {
  if (message === undefined) return "none";
  if (typeof message !== "object") return `a ${typeof message}`;
  if (message === null || Object.getPrototypeOf(message) === Object.prototype) return undefined;
  if (message instanceof Promise) {
    // Its rejection is no concern of the process.
    message.catch(() => {});
    return "a promise";
  }
  const tag = Object.prototype.toString.call(message).slice("[object ".length, -1);
  const isOwn = tag === "Object" || (tag === "Array" && (message as unknown[]).length === 0);
  return isOwn || Object.keys(message).length > 0 ? undefined : tag;
}
