import { create, fromBinary, toBinary, type DescMessage, type Message } from "@bufbuild/protobuf";
import { timestampFromDate } from "@bufbuild/protobuf/wkt";
import { OrderSchema } from "../../gen/es/bench/codec/v1/nested_pb.js";
import { NumbersSchema } from "../../gen/es/bench/codec/v1/numbers_pb.js";
import { TextSchema } from "../../gen/es/bench/codec/v1/text_pb.js";
import { ListUsersResponseSchema, UserSchema } from "../../gen/es/users/user_service_pb.js";
import { coder, type Codec, type Coder, type Native, type RowName } from "../codec.js";
import { toNative, type NativeForm } from "../native-form.js";

const form: NativeForm = {
  date: timestampFromDate,
  oneof: (name, member, value) => [[name, { case: member, value }]],
};

interface Functions {
  create(message: Native): Native;
  coder: Coder;
}

function functions(schema: DescMessage): Functions {
  return {
    create: (message) => create(schema, { ...message }),
    coder: coder(
      (message: Message) => toBinary(schema, message),
      (bytes: Uint8Array) => fromBinary(schema, bytes),
    ),
  };
}

const rows: Record<RowName, Functions> = {
  user: functions(UserSchema),
  page: functions(ListUsersResponseSchema),
  numbers: functions(NumbersSchema),
  nested: functions(OrderSchema),
  text: functions(TextSchema),
  "text-utf8": functions(TextSchema),
};

/** protobuf-es. */
export const codec: Codec = {
  native: (row, message) => rows[row].create(toNative(message, form)),
  coder: (row) => rows[row].coder,
};
