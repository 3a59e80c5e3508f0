import type { WrongName } from "@callwire/protobuf";
import { didYouMean } from "@callwire/transport/client";

// Who sends wrong names must not choose how long it takes to find better ones.
/** The errors of a request that have a hint. */
const MAX_HINTS = 10;
/** The longest name that is compared with others, in characters, and the most that it is compared with. */
const MAX_LENGTH = 64;
const MAX_COMPARED = 1000;

/** The most names that are listed where none is like the wrong one. */
const MAX_LISTED = 8;

/**
 * The name that was most likely meant, or all that there are, as the end of an error; empty if there is no help.
 *
 * @param index The error's place among those of its request.
 */
export function hintOf(name: WrongName | undefined, index: number): string {
  if (name === undefined || index >= MAX_HINTS) return "";
  const { wrong, known } = name;
  if (wrong.length > MAX_LENGTH || known.length > MAX_COMPARED) return "";
  const meant = didYouMean(wrong, known);
  if (meant !== "" || known.length === 0 || known.length > MAX_LISTED) return meant;
  return `; it has ${known.join(", ")}`;
}
