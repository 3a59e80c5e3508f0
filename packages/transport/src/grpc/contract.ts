/** The header of a response by which a server names the contract that its code was generated from. */
export const CONTRACT_HEADER = "callwire-contract";

/** A version with the fingerprint of what it stands for, as protoc-gen-callwire makes it; no more than a line of text. */
const CONTRACT = /^[!-~]{1,100}$/;

/** The contract that a service definition names, such as `1.4.0+08a35c68`; undefined if it names none. */
export function contractOf(definition: object): string | undefined {
  const { fullName, contract } = definition as { fullName?: unknown; contract?: unknown };
  // In a definition of another form, this is a method.
  return typeof fullName === "string" ? readContract(contract) : undefined;
}

/** A contract as a peer names it; undefined if it is none. */
export function readContract(value: unknown): string | undefined {
  return typeof value === "string" && CONTRACT.test(value) ? value : undefined;
}
