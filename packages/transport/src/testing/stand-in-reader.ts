// Run before each test file: Jest's modules are none that `installed-reader.ts` finds.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { ProtoReader } from "../protobuf/proto-reader.js";

ProtoReader.standInFor(BinaryReader);
