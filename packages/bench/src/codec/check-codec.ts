import { isDeepStrictEqual } from "node:util";
import type { CodecName, JsonName, RowName } from "./codec.js";
import { loadCodec } from "./load-codec.js";
import { plainForm } from "./plain-form.js";
import { messagesOf } from "./rows.js";

/** The codec that reads what another one wrote, and writes what it reads. */
function otherOf(name: CodecName | JsonName): CodecName | JsonName {
  switch (name) {
    case "json":
      return "json";
    case "json-by-hand":
      return "json-callwire";
    case "json-callwire":
      return "json-by-hand";
    default:
      return name === "protobuf-es" ? "protobufjs" : "protobuf-es";
  }
}

/**
 * Has a codec read what it wrote itself and what another codec wrote, and another codec read what it wrote.
 *
 * @throws if a message is not what it was.
 */
export async function checkCodec(name: CodecName | JsonName, row: RowName): Promise<void> {
  const codec = await loadCodec(name);
  const other = await loadCodec(otherOf(name));
  const own = codec.coder(row);
  const others = other.coder(row);
  for (const [index, message] of messagesOf(row).entries()) {
    const wanted = plainForm(message);
    const written = own.encode(codec.native(row, message));
    const otherWritten = others.encode(other.native(row, message));
    const read = {
      "what it wrote": own.decode(written),
      "what another wrote": own.decode(otherWritten),
      "what it wrote, by another": others.decode(written),
    };
    for (const [what, found] of Object.entries(read)) {
      if (!isDeepStrictEqual(plainForm(found), wanted)) {
        throw new Error(`${name}, ${row} ${index}: ${what} was not read rightly`);
      }
    }
  }
}
