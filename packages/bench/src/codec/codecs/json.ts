import { coder, type Codec } from "../codec.js";
import { toNative, type NativeForm } from "../native-form.js";

/** What JSON has no form for, in the one that a program gives it; a Date has one. */
const form: NativeForm = { int64: Number, bytes: (bytes) => Buffer.from(bytes).toString("base64") };

/** JSON as it is: what was a Date comes back as text. */
export const codec: Codec = {
  native: (_, message) => toNative(message, form),
  coder: () =>
    coder(
      (message) => Buffer.from(JSON.stringify(message)),
      (bytes: Buffer) => JSON.parse(bytes.toString()) as object,
    ),
};
