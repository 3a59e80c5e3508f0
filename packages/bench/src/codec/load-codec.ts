import type { Codec, CodecName, JsonName } from "./codec.js";

/** Imports one codec alone: they share code, which would be compiled for all of them. */
const loaders: Record<CodecName | JsonName, () => Promise<Codec>> = {
  json: async () => (await import("./codecs/json.js")).codec,
  "ts-proto": async () => (await import("./codecs/ts-proto.js")).codec,
  "protobuf-es": async () => (await import("./codecs/protobuf-es.js")).codec,
  protobufjs: async () => (await import("./codecs/protobufjs.js")).codec,
  pbf: async () => (await import("./codecs/pbf.js")).codec,
  callwire: async () => (await import("./codecs/callwire.js")).codec,
  "json-by-hand": async () => (await import("./codecs/json-by-hand.js")).codec,
  "json-callwire": async () => (await import("./codecs/callwire.js")).jsonCodec,
};

export async function loadCodec(name: CodecName | JsonName): Promise<Codec> {
  return await loaders[name]();
}
