const [QUOTE, BACKSLASH, COMMA, COLON] = [0x22, 0x5c, 0x2c, 0x3a];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [0x5b, 0x5d, 0x7b, 0x7d];
/** What stands between the values of a text that is known to be JSON. */
const BETWEEN: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d, COMMA, COLON]);
const CLOSING: ReadonlySet<number | undefined> = new Set([CLOSE_LIST, CLOSE_OBJECT, undefined]);

/** True if a body is a list of messages. */
export function isBatch(body: Uint8Array): boolean {
  return body[startOf(body)] === OPEN_LIST;
}

/**
 * The arguments of a call of a tool, as they were sent: JSON.parse loses digits of 64-bit integers, all but the last of a key's values,
 * and a key `__proto__` goes no further than the protocol's library.
 *
 * @param body A message, or a batch of them, that JSON.parse has taken.
 * @param id That of the call.
 * @returns JSON; undefined if there are none.
 */
export function argumentsOf(body: Uint8Array, id: string | number): Uint8Array | undefined {
  const whole = body.subarray(startOf(body));
  const messages = isBatch(body) ? Array.from(membersOf(whole), ([, message]) => message) : [whole];
  const call = messages.find((message) => parsed(memberOf(message, "id")) === id);
  const params = call && memberOf(call, "params");
  return params && memberOf(params, "arguments");
}

/** A byte order mark may stand before it. */
function startOf(body: Uint8Array): number {
  return body.findIndex((byte) => byte === OPEN_OBJECT || byte === OPEN_LIST);
}

function parsed(json: Uint8Array | undefined): unknown {
  return json && JSON.parse(Buffer.from(json).toString());
}

/** The value of a key: the last one, as JSON.parse has it. */
function memberOf(object: Uint8Array, key: string): Uint8Array | undefined {
  let found: Uint8Array | undefined;
  for (const [name, value] of membersOf(object)) if (name === key) found = value;
  return found;
}

/** The values of an object with their keys, or those of a list. */
function* membersOf(json: Uint8Array): Generator<[key: unknown, value: Uint8Array], void, undefined> {
  const isObject = json[0] === OPEN_OBJECT;
  for (let at = next(json, 1); !CLOSING.has(json[at]); at = next(json, at)) {
    let key: unknown;
    if (isObject) {
      const end = endOf(json, at);
      key = parsed(json.subarray(at, end));
      at = next(json, end);
    }
    const end = endOf(json, at);
    yield [key, json.subarray(at, end)];
    at = end;
  }
}

/** Where the next value begins, or its container ends. */
function next(json: Uint8Array, at: number): number {
  while (BETWEEN.has(json[at])) at++;
  return at;
}

/** Where a value ends. */
function endOf(json: Uint8Array, start: number): number {
  let depth = 0;
  for (let at = start; at < json.length; at++) {
    const byte = json[at];
    if (byte === QUOTE) at = lastOfText(json, at);
    else if (byte === OPEN_OBJECT || byte === OPEN_LIST) depth++;
    else if (byte === CLOSE_OBJECT || byte === CLOSE_LIST) depth--;
    // A number, or a word, is as long as nothing else comes.
    const isWord = byte !== QUOTE && byte !== CLOSE_OBJECT && byte !== CLOSE_LIST;
    const after = json[at + 1];
    if (depth === 0 && (!isWord || BETWEEN.has(after) || CLOSING.has(after))) return at + 1;
  }
  return json.length;
}

/** The place of the quote that ends a text. */
function lastOfText(json: Uint8Array, start: number): number {
  let at = start + 1;
  while (at < json.length && json[at] !== QUOTE) at += json[at] === BACKSLASH ? 2 : 1;
  return at;
}
