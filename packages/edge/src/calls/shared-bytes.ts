import { sharedForm } from "@callwire/transport/client";

/** The bytes of a message, made once for all who get it. @param maker As of `sharedForm`. */
export function sharedBytes(
  message: unknown,
  maker: object,
  encode: (message: unknown) => Uint8Array,
): Uint8Array {
  return sharedForm(message, maker, (one, isShared) => {
    const bytes = encode(one);
    // Memory of their own: an encoder's would be kept as long as the message.
    return isShared ? new Uint8Array(bytes) : bytes;
  });
}
