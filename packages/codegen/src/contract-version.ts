import { createHash } from "node:crypto";
import { create, toBinary, type DescFile } from "@bufbuild/protobuf";
import { FileDescriptorProtoSchema } from "@bufbuild/protobuf/wkt";

/** The length of a fingerprint, in hexadecimal digits: it tells two contracts of one version apart, and is no proof. */
const FINGERPRINT_LENGTH = 8;

/** Packages whose contracts are others': they have no version of ours. */
const STANDARD = /^(?:google|grpc)(?:\.|$)/;

/**
 * The contracts of the services in some files, by the services' full names: `version`, with a fingerprint as its build metadata
 * (semver.org, item 10). Services of `google.*` and `grpc.*` have none.
 *
 * @param version The contract's version; empty for none.
 */
export function contractsOf(files: readonly DescFile[], version: string): ReadonlyMap<string, string> {
  const contracts = new Map<string, string>();
  if (version === "") return contracts;
  for (const file of files) {
    if (file.services.length === 0 || STANDARD.test(file.proto.package)) continue;
    const contract = `${version}+${fingerprint(file)}`;
    for (const { typeName } of file.services) contracts.set(typeName, contract);
  }
  return contracts;
}

/**
 * A hash of all that clients and servers of a file's services must agree on: the messages, enums, services and extensions of the
 * file and of those that it imports. Comments, the files' names and places, and options for other languages are no part of it.
 */
export function fingerprint(file: DescFile): string {
  const hashes = Array.from(withImports(file), hashOf).toSorted();
  return createHash("sha256").update(hashes.join("\n")).digest("hex").slice(0, FINGERPRINT_LENGTH);
}

/** A file and all that it imports, but for protobuf's own. */
function withImports(file: DescFile, found = new Set<DescFile>()): Set<DescFile> {
  if (found.has(file) || file.proto.package === "google.protobuf") return found;
  found.add(file);
  for (const dependency of file.dependencies) withImports(dependency, found);
  return found;
}

function hashOf({ proto }: DescFile): string {
  const { package: name, syntax, edition, messageType, enumType, service, extension } = proto;
  const bare = create(FileDescriptorProtoSchema, {
    package: name,
    syntax,
    edition,
    messageType,
    enumType,
    service,
    extension,
  });
  return createHash("sha256").update(toBinary(FileDescriptorProtoSchema, bare)).digest("hex");
}
