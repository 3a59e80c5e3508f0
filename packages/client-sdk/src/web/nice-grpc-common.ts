// Stands in for nice-grpc-common in the client for browsers: the same Metadata, Status and ClientError, in a third of the bytes.
import type * as common from "nice-grpc-common";

type Metadata = common.Metadata;
type Value = string | Uint8Array;

const NAMES =
  "OK CANCELLED UNKNOWN INVALID_ARGUMENT DEADLINE_EXCEEDED NOT_FOUND ALREADY_EXISTS PERMISSION_DENIED RESOURCE_EXHAUSTED FAILED_PRECONDITION ABORTED OUT_OF_RANGE UNIMPLEMENTED INTERNAL UNAVAILABLE DATA_LOSS UNAUTHENTICATED";

/** The status codes of gRPC, by their names, and the names by their codes. */
export const Status = /* @__PURE__ */ Object.fromEntries(
  NAMES.split(" ").flatMap((name, code): [string | number, string | number][] => [
    [name, code],
    [code, name],
  ]),
) as unknown as typeof common.Status;

/** True if gRPC allows metadata of that name and value. */
function isAllowed(key: string, value: Value): boolean {
  if (!/^[0-9a-z_.-]+$/.test(key)) return false;
  if (key.endsWith("-bin")) return value instanceof Uint8Array;
  return typeof value === "string" && /^[ -~]*$/.test(value);
}

/** Makes metadata, with or without `new`. */
export const Metadata = function Metadata(init?: common.MetadataInit): Metadata {
  const data = new Map<string, Value[]>();
  const metadata = {
    set(name: string, value: Value | Value[]) {
      metadata.delete(name);
      for (const each of [value].flat()) metadata.append(name, each);
      return metadata;
    },
    append(name: string, value: Value) {
      const key = name.toLowerCase();
      if (!isAllowed(key, value)) throw new Error(`Metadata key or value is wrong: ${name}`);
      const values = data.get(key);
      // To copy all that there is for each of many values would take for ever.
      if (values && typeof value !== "string") values.push(value);
      else data.set(key, [values ? `${values[0] as string}, ${value as string}` : value]);
      return metadata;
    },
    delete: (name: string) => void data.delete(name.toLowerCase()),
    get: (name: string) => metadata.getAll(name)[0],
    getAll: (name: string) => data.get(name.toLowerCase()) ?? [],
    has: (name: string) => data.has(name.toLowerCase()),
    [Symbol.iterator]: () => data[Symbol.iterator](),
  } as Metadata;
  const entries = init && Symbol.iterator in init ? init : Object.entries(init ?? {});
  for (const [name, value] of entries) metadata.set(name, value);
  return metadata;
} as typeof common.Metadata;

/** An error of a call, which `instanceof ClientError` of nice-grpc-common takes for its own. */
export class ClientError extends Error {
  override name = "ClientError";
  readonly "@@nice-grpc:ClientError" = true;

  constructor(
    readonly path: string,
    readonly code: common.Status,
    readonly details: string,
  ) {
    super(`${path} ${Status[code]}: ${details}`);
  }

  static override [Symbol.hasInstance](value: unknown): boolean {
    return (value as { "@@nice-grpc:ClientError"?: unknown } | null)?.["@@nice-grpc:ClientError"] === true;
  }
}
