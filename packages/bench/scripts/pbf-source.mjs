// A contract as pbf's compiler takes it: one file without packages and imports, as it looks for types in its own file alone.
import { readFileSync } from "node:fs";

/** The well-known types that the rows have, as google/protobuf/timestamp.proto and field_mask.proto define them. */
const wellKnown = `
message Timestamp { int64 seconds = 1; int32 nanos = 2; }
message FieldMask { repeated string paths = 1; }
`;

/** The messages and enums of files, in one. */
export function pbfSource(paths) {
  const bodies = paths.map((path) =>
    readFileSync(path, "utf8")
      .replace(/\/\/.*$/gm, "")
      .replace(/^(syntax|package|import) .*;$/gm, "")
      // A service ends at the first brace at the start of a line.
      .replace(/^service .*?^\}/gms, "")
      .replaceAll("google.protobuf.", ""),
  );
  return ['syntax = "proto3";', wellKnown, ...bodies].join("\n");
}
