import type { Extension } from "./extension.js";
import type { JsonRegistry } from "./json/options.js";
import type { MessageType } from "./message-type.js";
import { numbersIn } from "./unknown-numbers.js";

// Types and extensions of any message stand in one registry.
/* oxlint-disable typescript/no-explicit-any */
type AnyMessageType = MessageType<any>;
type AnyExtension = Extension<any, any>;
/* oxlint-enable typescript/no-explicit-any */

/**
 * Makes a registry of message types and extensions: what JSON needs for the messages inside google.protobuf.Any, and for
 * extensions.
 *
 * ```ts
 * const registry = createRegistry(User, Timestamp, nickname);
 * Envelope.toJSON(envelope, { registry });
 * ```
 */
export function createRegistry(...members: readonly (AnyMessageType | AnyExtension)[]): JsonRegistry {
  const messages = new Map<string, AnyMessageType>();
  const extensions = new Map<string, AnyExtension>();
  const byNumber = new Map<string, AnyExtension>();
  for (const member of members) {
    if ("typeName" in member) messages.set(member.typeName, member);
    else {
      extensions.set(member.name, member);
      byNumber.set(`${member.extendee} ${member.number}`, member);
    }
  }
  return {
    message: (typeName) => messages.get(typeName),
    extension(name, extendee) {
      const found = extensions.get(name);
      return found?.extendee === extendee ? found : undefined;
    },
    extensionsIn: (typeName, message) =>
      byNumber.size === 0
        ? []
        : Array.from(numbersIn(message), (number) => byNumber.get(`${typeName} ${number}`)).filter(
            (found) => found !== undefined,
          ),
  };
}
