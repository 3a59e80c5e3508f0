/** Says, for caches, that the answer would be another one for another value of a field of the request (RFC 9110, section 12.5.5). */
export function addVary(headers: string[], name: string): void {
  // One field alone: servers of HTTP/2 keep the last of several.
  const at = headers.findIndex((text, index) => index % 2 === 0 && text === "vary");
  if (at < 0) headers.push("vary", name);
  else headers[at + 1] += `, ${name}`;
}
