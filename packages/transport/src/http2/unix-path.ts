/** The longest path of a unix socket, in bytes: one less than `sun_path`, as it ends with NUL (unix(7), macOS' unix(4)). */
export const MAX_UNIX_PATH_BYTES = process.platform === "linux" ? 107 : 103;

/**
 * Pure: reads the name of a unix socket: `unix:path`, `unix:///path` or, on Linux, `unix-abstract:name` (gRPC, "Name Resolution").
 * Returns its path as node:net takes it; undefined for a name of another kind.
 *
 * @throws {Error} if it is empty, or longer than the system takes: node:net would cut it, and use another file.
 */
export function parseUnixAddress(address: string): string | undefined {
  const [, kind, rest = ""] = /^(unix|unix-abstract):(.*)$/is.exec(address) ?? [];
  if (kind === undefined) return undefined;
  const isAbstract = kind.toLowerCase() === "unix-abstract";
  if (isAbstract && process.platform !== "linux") {
    throw new Error(`Invalid address: '${address}': abstract sockets are Linux's alone`);
  }
  const name = !isAbstract && rest.startsWith("//") ? rest.replace(/^\/\/[^/]*/, "") : rest;
  if (name === "" || (!isAbstract && name.includes("\0"))) throw new Error(`Invalid address: '${address}'`);
  const path = isAbstract ? `\0${name}` : name;
  const length = Buffer.byteLength(path);
  if (length > MAX_UNIX_PATH_BYTES) {
    throw new Error(
      `Invalid address: '${address}': its path has ${length} bytes, and the system takes ${MAX_UNIX_PATH_BYTES}`,
    );
  }
  return path;
}

/** The written form of the path of a unix socket. */
export function formatUnixPath(path: string): string {
  return path.startsWith("\0") ? `unix-abstract:${path.slice(1)}` : `unix:${path}`;
}
