import type { RegisteredExtension, RegisteredType, Registry } from "./proto-json/json-context.js";

/**
 * Makes a registry of message types and extensions.
 *
 * ```ts
 * const registry = createRegistry(User, Timestamp, nickname);
 * Envelope.toJSON(envelope, { registry });
 * ```
 */
export function createRegistry(...members: readonly (RegisteredType | RegisteredExtension)[]): Registry {
  const messages = new Map<string, RegisteredType>();
  const extensions = new Map<string, RegisteredExtension>();
  const byNumber = new Map<string, RegisteredExtension>();
  for (const member of members) {
    if ("typeName" in member) messages.set(member.typeName, member);
    else {
      extensions.set(member.name, member);
      byNumber.set(`${member.extendee} ${member.number}`, member);
    }
  }
  return {
    message: (typeName) => messages.get(typeName),
    extension: (name) => extensions.get(name),
    extensionOf: (extendee, number) => byNumber.get(`${extendee} ${number}`),
  };
}
