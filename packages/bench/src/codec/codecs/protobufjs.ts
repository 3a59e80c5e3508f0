import protobuf from "protobufjs/minimal.js";
import { coder, type Codec, type Native, type RowName } from "../codec.js";
import { importGenerated } from "../generated-modules.js";
import { toNative, type NativeForm } from "../native-form.js";

/** A generated class, of what is used. */
interface MessageClass {
  encode(message: Native): { finish(): Uint8Array };
  decode(bytes: Uint8Array): Native;
}

interface Messages {
  users: Record<"User" | "ListUsersResponse", MessageClass>;
  bench: { codec: { v1: Record<"Numbers" | "Order" | "Text", MessageClass> } };
}

const { users, bench } = await importGenerated<Messages>("protobufjs/messages.js");
const { Numbers, Order, Text } = bench.codec.v1;
const classes: Record<RowName, MessageClass> = {
  user: users.User,
  page: users.ListUsersResponse,
  numbers: Numbers,
  nested: Order,
  text: Text,
  "text-utf8": Text,
};

/** Its class for integers of 64 bits, which its own types do not have in full. */
const Long = protobuf.util.Long as unknown as {
  fromString(text: string): object;
  fromNumber(value: number): object;
};

const form: NativeForm = {
  int64: (value) => Long.fromString(String(value)),
  date: (date) => {
    const seconds = Math.floor(date.getTime() / 1000);
    return {
      seconds: Long.fromNumber(seconds),
      nanos: (date.getTime() - 1000 * seconds) * 1e6,
    };
  },
};

/** protobuf.js, static. */
export const codec: Codec = {
  // Read once, as its classes make the messages inside a message then: it writes those a little faster.
  native: (row, message) => classes[row].decode(classes[row].encode(toNative(message, form)).finish()),
  coder(row) {
    const type = classes[row];
    return coder(
      (message) => type.encode(message).finish(),
      (bytes: Uint8Array) => type.decode(bytes),
    );
  },
};
