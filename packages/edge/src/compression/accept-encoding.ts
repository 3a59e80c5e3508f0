import { EdgeError } from "../errors/edge-error.js";
import { weightsOf } from "../http/accept.js";
import type { Coding } from "./codings.js";

/** The coding of an answer. */
export interface ChosenCoding {
  readonly coding: Coding;
  /** True if the client takes no answer without one. */
  readonly isForced: boolean;
}

/**
 * Chooses among codings by `accept-encoding` (RFC 9110, section 12.5.3): that of the highest weight, and the first of equals.
 *
 * @param offered The codings that there are, the best first.
 * @returns Undefined for none.
 * @throws {EdgeError} if the client takes none of them, and no answer without one.
 */
export function chooseCoding(accept: string, offered: readonly Coding[]): ChosenCoding | undefined {
  const weights = weightsOf(accept);
  const any = weights.get("*");
  const plain = weights.get("identity") ?? any;
  const best = offered
    // RFC 9110, section 8.4.1.3: `x-gzip` is an older name of gzip.
    .map((coding) => ({ coding, weight: weights.get(coding) ?? weights.get(`x-${coding}`) ?? any ?? 0 }))
    .toSorted((a, b) => b.weight - a.weight)[0];
  if (best !== undefined && best.weight > 0 && best.weight >= (weights.get("identity") ?? 0))
    return { coding: best.coding, isForced: plain === 0 };
  if (plain !== 0) return undefined;
  throw new EdgeError(
    "CODING_NOT_OFFERED",
    `accept-encoding takes no coding that there is here: ${[...offered, "identity"].join(", ")}`,
  );
}
