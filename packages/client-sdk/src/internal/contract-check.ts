import { Status } from "nice-grpc-common";
import type { MethodDescriptor } from "nice-grpc-common";
import type { ClientOptions } from "../client-options.js";
import { mismatchOf } from "../contract-mismatch.js";
import { clientError } from "./client-errors.js";
import { ignoreResult } from "./ignore-result.js";
import { reportBug } from "./report-bug.js";
import { warn } from "./warn.js";

/** The number of a server's contracts that a client tells of: more than are rolled out at one time. */
const MAX_TOLD = 16;

/** Hears of the contract that an answer names; what it throws fails the call. */
export type OnContract = (contract: string, method: MethodDescriptor) => void;

/**
 * Makes what compares the server's contract with the client's; undefined if the client's is not known, or nobody wants that.
 *
 * @param service The service's full name.
 * @param client The contract that the client was generated from.
 */
export function contractCheck(
  service: string,
  client: string | undefined,
  wanted: NonNullable<ClientOptions["contractMismatch"]>,
): OnContract | undefined {
  if (client === undefined || wanted === "ignore") return undefined;
  if (wanted === "refuse") {
    return (server, { path }) => {
      const contractMismatch = mismatchOf(service, client, server);
      if (contractMismatch === undefined) return;
      const error = clientError(path, Status.FAILED_PRECONDITION, contractMismatch.message, "local");
      throw Object.assign(error, { contractMismatch });
    };
  }
  const told = new Set<string>();
  return (server) => {
    if (told.has(server) || told.size >= MAX_TOLD) return;
    const mismatch = mismatchOf(service, client, server);
    if (mismatch === undefined) return;
    told.add(server);
    try {
      if (wanted !== "warn") ignoreResult(wanted(mismatch));
      else
        warn(mismatch.message, {
          type: "ContractMismatch",
          code: "CALLWIRE_CONTRACT_MISMATCH",
        });
    } catch (bug) {
      reportBug(bug);
    }
  };
}
