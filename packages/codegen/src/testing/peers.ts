import { compareWithProtobufEs } from "./compare-with-protobuf-es.js";
import { compareWithPython } from "./compare-with-python.js";
import type { Syntax } from "./random-contract.js";
import type { Slice } from "./slice.js";

/** A library that random messages of random contracts are compared with. */
export interface Peer {
  /** Of each contract of a suite. */
  syntaxes: readonly Syntax[];
  /** The plugin's parameters. */
  options: readonly string[];
  /** @throws {Error} with the first message that is not alike. */
  compare(slice: Slice): void;
}

/** The peers, by their names. */
export const peers = {
  "protobuf-es": {
    syntaxes: ["proto2", "proto3", "edition 2023", "proto3", "proto2", "edition 2023"],
    options: [
      "",
      "timestamp=message",
      "map=object",
      "int64=string,oneof=properties,map=object,timestamp=message",
      "int64=number,oneof=properties",
      "int64=number,map=object",
      "int64=string,unknown_fields=false",
    ],
    compare: compareWithProtobufEs,
  },
  python: {
    // Debian's release is older than editions.
    syntaxes: ["proto2", "proto3", "proto3", "proto2"],
    options: ["", "int64=string,oneof=properties,map=object,timestamp=message"],
    compare: compareWithPython,
  },
} satisfies Record<string, Peer>;
