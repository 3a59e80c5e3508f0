// Run before each test file: Jest's modules are none that `installed-reader.ts` finds.
import { BinaryReader } from "@bufbuild/protobuf/wire";
import { TsProtoReader } from "../protobuf/ts-proto-reader.js";

TsProtoReader.standInFor(BinaryReader);
