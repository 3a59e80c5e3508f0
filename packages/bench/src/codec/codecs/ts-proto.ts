import { Order } from "../../gen/codec/ts-proto/bench/codec/v1/nested.js";
import { Numbers } from "../../gen/codec/ts-proto/bench/codec/v1/numbers.js";
import { Text } from "../../gen/codec/ts-proto/bench/codec/v1/text.js";
import { ListUsersResponse, User, type MessageFns } from "../../gen/codec/ts-proto/users/user_service.js";
import { coder, type Codec, type Coder, type RowName } from "../codec.js";
import { toNative } from "../native-form.js";

const functions = <M extends object>(type: Pick<MessageFns<M>, "encode" | "decode">): Coder =>
  coder(
    (message: M) => type.encode(message).finish(),
    (bytes: Uint8Array) => type.decode(bytes),
  );

const coders: Record<RowName, () => Coder> = {
  user: () => functions(User),
  page: () => functions(ListUsersResponse),
  numbers: () => functions(Numbers),
  nested: () => functions(Order),
  text: () => functions(Text),
  "text-utf8": () => functions(Text),
};

/** ts-proto with its stock runtime, the reader and writer of @bufbuild/protobuf. */
export const codec: Codec = {
  native: (_, message) => toNative(message, {}),
  coder: (row) => coders[row](),
};
