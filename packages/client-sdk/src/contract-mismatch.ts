/** Two contracts of a service that do not fit: the one of the client's code, and the one that the server names. */
export interface ContractMismatch {
  /** The service's full name, such as `users.UserService`. */
  readonly service: string;
  /** The contract that this client was generated from, such as `1.4.0+08a35c68`: a version, and a fingerprint of what it stands for. */
  readonly client: string;
  /** The contract that the server was generated from. */
  readonly server: string;
  /**
   * - `incompatible`: another major version, or below 1.0.0 another minor one. Calls may fail, or be misread.
   * - `server-older`: an older version that is compatible. What was added since is missing there.
   * - `same-version`: the same version of another contract. It was changed, and its version was not.
   */
  readonly reason: "incompatible" | "server-older" | "same-version";
  /** One line that names both, and what to do. */
  readonly message: string;
}

/** A version's parts; `pre` is empty for a release, and `build` is the fingerprint. */
interface Version {
  numbers: readonly [major: number, minor: number, patch: number];
  pre: string;
  build: string;
}

/**
 * Pure: why a server's contract does not fit a client's; undefined if it does, or one of both is no version. A server that is newer
 * fits, if it is compatible. Contracts of one fingerprint are the same, whatever their versions.
 */
export function mismatchOf(service: string, client: string, server: string): ContractMismatch | undefined {
  const ours = parse(client);
  const theirs = parse(server);
  if (ours === undefined || theirs === undefined) return undefined;
  if (client === server || (ours.build !== "" && ours.build === theirs.build)) return undefined;
  const found = compatibility(ours, theirs);
  if (found === "newer") return undefined;
  const message =
    `${service}: the server has contract ${server}, and this client was generated from ${client}; ` +
    advice[found];
  return { service, client, server, reason: found, message };
}

const advice: Readonly<Record<ContractMismatch["reason"], string>> = {
  incompatible: "calls may fail or be misread: use a client and a server of compatible versions",
  "server-older": "what was added since is missing there: upgrade the server, or install an older client",
  "same-version": "the contract was changed and its version was not: raise contract_version with each change",
};

function parse(contract: string): Version | undefined {
  const match = /^(\d{1,9})\.(\d{1,9})\.(\d{1,9})(?:-([0-9A-Za-z.-]+))?(?:\+([0-9A-Za-z.-]+))?$/.exec(
    contract,
  );
  if (match === null) return undefined;
  const [, major, minor, patch, pre = "", build = ""] = match;
  return { numbers: [Number(major), Number(minor), Number(patch)], pre, build };
}

/** How a server's version stands to a client's (semver.org, items 4 and 8). */
function compatibility(client: Version, server: Version): ContractMismatch["reason"] | "newer" {
  const [major, minor, patch] = client.numbers;
  const [serverMajor, serverMinor, serverPatch] = server.numbers;
  if (major !== serverMajor || (major === 0 && minor !== serverMinor)) return "incompatible";
  const ahead = serverMinor - minor || serverPatch - patch;
  if (ahead !== 0) return ahead > 0 ? "newer" : "server-older";
  if (client.pre === server.pre) return client.build === "" || server.build === "" ? "newer" : "same-version";
  // A pre-release comes before its release.
  if (client.pre === "" || server.pre === "") return server.pre === "" ? "newer" : "server-older";
  return "same-version";
}
