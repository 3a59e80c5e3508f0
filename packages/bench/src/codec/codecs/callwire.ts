// All that the rows use of callwire's messages.
import { fromJsonText, toJsonText, type MessageType } from "@callwire/protobuf";
import { Order } from "../../gen/codec/callwire/bench/codec/v1/nested.js";
import { Numbers } from "../../gen/codec/callwire/bench/codec/v1/numbers.js";
import { Text } from "../../gen/codec/callwire/bench/codec/v1/text.js";
import { ListUsersResponse, User } from "../../gen/codec/callwire/users/user_service.js";
import { coder, type Codec, type Coder, type RowName } from "../codec.js";
import { toNative, type NativeForm } from "../native-form.js";

interface Coders {
  binary: Coder;
  json: Coder;
}

function functions<M extends object>(type: MessageType<M>): Coders {
  return {
    binary: coder(
      (message: M) => type.encode(message).finish(),
      (bytes: Uint8Array) => type.decode(bytes),
    ),
    json: coder(
      (message: M) => toJsonText(type, message),
      (text: string) => fromJsonText(type, text),
    ),
  };
}

const rows: Record<RowName, Coders> = {
  user: functions(User),
  page: functions(ListUsersResponse),
  numbers: functions(Numbers),
  nested: functions(Order),
  text: functions(Text),
  "text-utf8": functions(Text),
};

/** The rows are given in this very form: copied, as those of all codecs are. */
const form: NativeForm = {
  maps: true,
  oneof: (name, member, value) => [[name, { $case: member, value }]],
};
const native: Codec["native"] = (_, message) => toNative(message, form);

/** protoc-gen-callwire, its default options. */
export const codec: Codec = { native, coder: (row) => rows[row].binary };

/** The same messages as text in protobuf's JSON format. */
export const jsonCodec: Codec = { native, coder: (row) => rows[row].json };
