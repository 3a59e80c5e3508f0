import { PbfReader, PbfWriter } from "pbf";
import { coder, type Codec, type Native, type RowName } from "../codec.js";
import { importGenerated } from "../generated-modules.js";
import { toNative, type NativeForm } from "../native-form.js";

type Read = (reader: PbfReader) => Native;
type Write = (message: Native, writer: PbfWriter) => void;
type TypeName = "User" | "ListUsersResponse" | "Numbers" | "Order" | "Text";
type Messages = Record<`read${TypeName}`, Read> & Record<`write${TypeName}`, Write>;

const messages = await importGenerated<Messages>("pbf/messages.js");
const types: Record<RowName, TypeName> = {
  user: "User",
  page: "ListUsersResponse",
  numbers: "Numbers",
  nested: "Order",
  text: "Text",
  "text-utf8": "Text",
};

/** Its integers of 64 bits are numbers; its names are those of the contract. */
const form: NativeForm = {
  int64: Number,
  date: (date) => {
    const seconds = Math.floor(date.getTime() / 1000);
    return { seconds, nanos: (date.getTime() - 1000 * seconds) * 1e6 };
  },
  key: (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
};

/** pbf, compiled. */
export const codec: Codec = {
  native: (_, message) => toNative(message, form),
  coder(row) {
    const read = messages[`read${types[row]}`];
    const write = messages[`write${types[row]}`];
    return coder(
      (message) => {
        const writer = new PbfWriter();
        write(message, writer);
        return writer.finish();
      },
      (bytes: Uint8Array) => read(new PbfReader(bytes)),
    );
  },
};
