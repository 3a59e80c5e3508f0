// Encodes and decodes one user with the codec that the first argument names, for so many milliseconds each as the second
// says; prints CodecTimes. A process for each codec: ts-proto's code serves two of them, and would be compiled for both.
import { performance } from "node:perf_hooks";
import { fromBinary, toBinary } from "@bufbuild/protobuf";
import { User } from "@callwire/contracts/users";
import { decodeMessage, encodeMessage } from "@callwire/transport";
import { UserSchema } from "../gen/es/users/user_service_pb.js";
import { checkUser, userAt, type UserFields } from "../service/data.js";
import type { CodecName, CodecTimes } from "./codec.js";

/** The clock is read after so many calls. */
const BATCH = 1000;

/** Takes every result, so that no call can be left out for want of use. */
let sink: unknown;

function time(ms: number, call: () => unknown): number {
  const began = performance.now();
  let calls = 0;
  for (; performance.now() - began < ms; calls += BATCH) {
    for (let index = 0; index < BATCH; index++) sink = call();
  }
  return ((performance.now() - began) * 1e6) / calls;
}

function measure<Message extends UserFields>(
  message: Message,
  encode: (message: Message) => Uint8Array,
  decode: (bytes: Uint8Array) => UserFields,
): CodecTimes {
  const bytes = encode(message);
  const ms = Number(process.argv[3] ?? 500);
  const both = (): CodecTimes => ({
    encodeNs: time(ms, () => encode(message)),
    decodeNs: time(ms, () => decode(bytes)),
  });
  both();
  const times = both();
  checkUser(decode(encode(message)), 7);
  return times;
}

const codecs: Record<CodecName, () => CodecTimes> = {
  json: () =>
    measure(
      user,
      (message) => Buffer.from(JSON.stringify(message)),
      (bytes) => JSON.parse((bytes as Buffer).toString()) as UserFields,
    ),
  "ts-proto": () =>
    measure(
      user,
      (message) => User.encode(message).finish(),
      (bytes) => User.decode(bytes),
    ),
  "protobuf-es": () =>
    measure(
      fromBinary(UserSchema, User.encode(user).finish()),
      (message) => toBinary(UserSchema, message),
      (bytes) => fromBinary(UserSchema, bytes),
    ),
  callwire: () =>
    measure(
      user,
      (message) => encodeMessage(User, message),
      (bytes) => decodeMessage(User, bytes),
    ),
};

const user = userAt(7);
const times = codecs[process.argv[2] as CodecName]();
if (sink === undefined) throw new Error("nothing was coded");
process.stdout.write(`${JSON.stringify(times)}\n`);
