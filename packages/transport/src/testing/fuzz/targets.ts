import type { FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { addresses } from "./address-target.js";
import { clientFrames } from "./client-frames.js";
import { binaryMetadata, headerFields, numberFields, peerSettings, statusMessage } from "./header-targets.js";
import { hpackDecode, hpackRoundTrip } from "./hpack-targets.js";
import { protobuf } from "./message-targets.js";
import { serverFrames } from "./server-frames.js";

/** The transport's targets, for `pnpm fuzz` and the replay of their corpora. */
export const targets: readonly FuzzTarget[] = [
  serverFrames,
  clientFrames,
  hpackDecode,
  hpackRoundTrip,
  protobuf,
  headerFields,
  statusMessage,
  binaryMetadata,
  numberFields,
  peerSettings,
  addresses,
];
