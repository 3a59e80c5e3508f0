// The entry point @callwire/transport/protobuf: what generated code imports in place of "@bufbuild/protobuf/wire". It loads
// nothing of the transport itself.
export { ProtoReader as BinaryReader } from "./proto-reader.js";
export { ProtoWriter as BinaryWriter } from "./proto-writer.js";
