/** Pure: why an address cannot be listened on, and what to do, by the system's error. */
export function whyNoListening(address: string, error: unknown): string {
  const cause = error instanceof Error ? error.message : String(error);
  if (/EADDRINUSE/.test(cause))
    return "the address is already in use; stop what listens there, or give another port";
  if (/EADDRNOTAVAIL/.test(cause))
    return "this machine does not have the address; 0.0.0.0 and [::] are all that it has";
  if (/ENOTFOUND|EAI_AGAIN/.test(cause)) return `the host's name is not found (${cause})`;
  if (!/EACCES/.test(cause)) return cause;
  return address.startsWith("unix:")
    ? "its folder must exist, and this process must be allowed to write there"
    : "the system does not allow it; ports below 1024 need a privilege";
}
