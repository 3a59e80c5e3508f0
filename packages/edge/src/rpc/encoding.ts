import { codings, type Coding } from "../compression/codings.js";
import { EdgeError } from "../errors/edge-error.js";

/** The names of all codings, as the fields of gRPC-Web and Connect have them. */
export const ACCEPTED_CODINGS = Object.keys(codings).join(",");

/**
 * The coding of a request's messages; undefined for none.
 *
 * @throws {EdgeError} for one that is not known.
 */
export function encodingOf(name: string | undefined): Coding | undefined {
  if (name === undefined || name === "" || name === "identity") return undefined;
  if (!Object.hasOwn(codings, name))
    throw new EdgeError(
      "ENCODING_NOT_KNOWN",
      `the encoding ${JSON.stringify(name.slice(0, 40))} is not known: ${ACCEPTED_CODINGS} are`,
    );
  return name as Coding;
}
