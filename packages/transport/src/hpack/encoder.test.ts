import { isDeepStrictEqual } from "node:util";
import { describe, expect, test } from "@jest/globals";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";
import { HeaderFields } from "./header-fields.js";
import { byName, decode, encode, encodeList, hex } from "../testing/header-blocks.js";

const TOKEN = "Bearer 0123456789abcdefghijklmnopqrstuvwxyz";

/** An encoder and a decoder that checks each of its blocks. */
function pair(encoder = new HpackEncoder()): (headers: HeaderFields, rest?: readonly string[]) => Buffer {
  const decoder = new HpackDecoder();
  return (headers, rest = []) => {
    const block = encodeList(encoder, headers, rest);
    const [got, wanted] = [byName(decode(decoder, block).fields), byName([...headers.fields, ...rest])];
    // Jest compares tens of thousands of them for seconds.
    if (!isDeepStrictEqual(got, wanted)) expect(got).toEqual(wanted);
    return block;
  };
}

const NONE = new HeaderFields([]);

describe("fields that repeat", () => {
  test("take a byte each from the second time on", () => {
    const send = pair();
    const headers = new HeaderFields([
      ":method",
      "POST",
      ":path",
      "/a.B/C",
      "te",
      "trailers",
      "user-agent",
      "x/1",
    ]);
    expect(send(headers).length).toBeGreaterThan(20);
    for (let i = 0; i < 3; i++) expect(send(headers)).toEqual(hex("83 c0 bf be"));
  });

  test("keep no bytes across a change of the table", () => {
    const send = pair();
    const first = new HeaderFields(["a", "1"]);
    for (let i = 0; i < 3; i++) send(first);
    send(new HeaderFields(["b", "2"]));
    for (let i = 0; i < 3; i++) expect(send(first)).toEqual(hex("bf"));
  });

  test("more lists than there are slots", () => {
    const send = pair();
    const lists = Array.from({ length: 100 }, (_, i) => new HeaderFields([":status", "200", "a", `${i}`]));
    for (let round = 0; round < 3; round++) for (const list of lists) send(list);
  });

  test("a long literal is copied whole", () => {
    const send = pair(new HpackEncoder({ maxTableSize: 0 }));
    const headers = new HeaderFields(["a", "0123456789".repeat(20)]);
    const blocks = [send(headers), send(headers), send(headers)];
    expect(blocks[2]).toEqual(blocks[1]);
  });

  test.each<[string, string[]]>([
    ["a name without a value", ["a"]],
    ["an upper-case name", ["A", "1"]],
    ["an empty name", ["", "1"]],
    ["a line feed in a value", ["a", "1\n2"]],
    ["a character that is not Latin-1", ["a", "\u010a"]],
    ["a name that is not ASCII", ["\u0161", "1"]],
  ])("are refused with %s", (_, fields) => {
    expect(() => new HeaderFields(fields)).toThrow(TypeError);
  });

  test("know their size as RFC 9113 counts it", () => {
    expect(new HeaderFields(["a", "1", "bc", "234"]).size).toBe(34 + 37);
  });
});

describe("what goes to the table", () => {
  test("volatile names: the first value, for its name's sake", () => {
    const send = pair();
    expect(send(NONE, ["grpc-timeout", "1S"])[0]).toBe(0x40);
    for (let i = 2; i < 200; i++)
      expect(send(NONE, ["grpc-timeout", `${i}m`]).subarray(0, 2)).toEqual(hex("0f2f"));
    expect(send(NONE, ["grpc-timeout", "1S"])).toEqual(hex("be"));
  });

  test("volatile values do not cost the repeating ones their bytes", () => {
    const send = pair();
    const headers = new HeaderFields([":path", "/a.B/C"]);
    for (let i = 0; i < 3; i++) send(headers, ["traceparent", `00-${i}`, "grpc-timeout", `${i}m`]);
    for (let i = 0; i < 300; i++) {
      expect(send(headers, ["traceparent", `00-${i}`, "grpc-timeout", `${i}m`])[0]).toBe(0xc0);
    }
  });

  test("other names: until their values turn out not to repeat", () => {
    const send = pair();
    const kinds = Array.from({ length: 100 }, (_, i) => send(NONE, ["x-user", `user-${i}`])[0]);
    expect(kinds.filter((first) => first !== 0x0f)).toHaveLength(8);
  });

  test.each(["x-user", "grpc-timeout"])(
    "%s: a value that stays after many that did not is learnt",
    (name) => {
      const send = pair();
      for (let i = 0; i < 5000; i++) send(NONE, [name, `user-${i}`]);
      let calls = 0;
      while (send(NONE, [name, "stays"]).length > 1) expect(++calls).toBeLessThanOrEqual(4);
    },
  );

  test("values that do not repeat never push out those that do", () => {
    const send = pair();
    const headers = new HeaderFields([":path", "/a.B/C", "x-agent", "me"]);
    const names = Array.from({ length: 20 }, (_, i) => `x-user-${i}`);
    const notIndexed: number[] = [];
    for (let i = 0; i < 3000; i++) {
      const fields = names.flatMap((name) => [name, `a value that is somewhat long, ${i} of ${name}`]);
      const block = send(headers, fields);
      if (i > 0 && (block[0]! & block[1]! & 0x80) === 0) notIndexed.push(i);
    }
    expect(notIndexed).toEqual([]);
    // There is room for others that repeat, too.
    const later = new HeaderFields(["x-later", "y".repeat(800)]);
    send(later);
    expect(send(later).length).toBe(1);
  });

  test("what is in the table goes first, but for fields of one name, and pseudo-header fields", () => {
    const send = pair();
    send(NONE, ["x-a", "1", "x-b", "2", "b-bin", "AA"]);
    const lists = [
      ["grpc-timeout", "7m", "x-a", "1", "x-request-id", "1f", "x-b", "2"],
      ["b-bin", "AQ", "x-b", "2", "b-bin", "AA"],
      [":status", "415", "x-a", "1", "allow", "POST"],
      Array.from({ length: 40 }, (_, i) => [`x-${i % 7}`, `${i % 3}`, "x-a", "1"]).flat(),
    ];
    const starts = lists.map((list) => send(NONE, list)[0]! & 0x80);
    expect(starts).toEqual([0x80, 0x80, 0, 0]);
    for (const list of lists) send(NONE, list);
  });

  test("a name whose values do repeat gets more of them in", () => {
    const send = pair();
    for (let round = 0; round < 8; round++) {
      for (let i = 0; i < 30; i++) send(NONE, ["x-tenant", `tenant-${i}`]);
    }
    for (let i = 0; i < 30; i++) expect(send(NONE, ["x-tenant", `tenant-${i}`]).length).toBe(1);
  });

  test("a full table changes slowly", () => {
    const send = pair();
    const lists = Array.from(
      { length: 400 },
      (_, i) => new HeaderFields([":path", `/package.Service/Method${i}`]),
    );
    for (const list of lists) send(list);
    let added = 0;
    for (let round = 0; round < 10; round++) for (const list of lists) if (send(list)[0]! >> 6 === 1) added++;
    expect(added).toBeGreaterThan(0);
    expect(added).toBeLessThanOrEqual(4);
  });

  test("nothing larger than half the table", () => {
    const send = pair();
    expect(send(new HeaderFields(["a", "x".repeat(2048 - 33)]))[0]! >> 6).toBe(1);
    expect(send(new HeaderFields(["b", "x".repeat(2049 - 33)]))[0]).toBe(0);
  });

  test("thousands of names cost no memory and break nothing", () => {
    const send = pair();
    for (let i = 0; i < 2000; i++) send(NONE, [`x-${i}`, "1"]);
    for (let i = 0; i < 100; i++) send(NONE, [`x-${i}`, "1", "x-1999", "2"]);
  });
});

describe("secrets (RFC 7541, section 7.1)", () => {
  test("a long token is indexed while it stays the same", () => {
    const send = pair();
    send(NONE, ["authorization", TOKEN]);
    expect(send(NONE, ["authorization", TOKEN])).toEqual(hex("be"));
  });

  test("tokens that change with each call are not, and cost the rest nothing", () => {
    const send = pair();
    const headers = new HeaderFields([":path", "/a.B/C"]);
    for (let i = 0; i < 20; i++) send(headers, ["authorization", `${TOKEN}${i}`]);
    for (let i = 20; i < 100; i++) {
      expect(send(headers, ["authorization", `${TOKEN}${i}`]).subarray(1, 3)).toEqual(hex("0f08"));
    }
  });

  test("a short one is never indexed, nor is what the caller says", () => {
    const encoder = new HpackEncoder({ sensitiveNames: ["x-secret"] });
    const send = pair(encoder);
    for (let i = 0; i < 3; i++) {
      expect(send(NONE, ["authorization", "Basic YTpi"]).subarray(0, 2)).toEqual(hex("1f08"));
      expect(send(NONE, ["x-secret", TOKEN])[0]).toBe(0x10);
      expect(send(new HeaderFields(["x-secret", TOKEN]))[0]).toBe(0x10);
    }
  });
});

describe("the peer's SETTINGS_HEADER_TABLE_SIZE (RFC 7541, section 4.2)", () => {
  const status = [":status", "200"];

  test.each<[string, number[], string]>([
    ["unchanged", [4096], "88"],
    ["smaller", [100], "3f45 88"],
    ["0", [0], "20 88"],
    ["larger than what we use", [65_536], "88"],
    ["smaller, then as it was: both", [100, 4096], "3f45 3fe11f 88"],
    ["three times: the smallest and the last", [200, 10, 100], "2a 3f45 88"],
    ["two reductions: the last is the smallest", [200, 100], "3f45 88"],
  ])("%s", (_, sizes, block) => {
    const encoder = new HpackEncoder();
    for (const size of sizes) encoder.setMaxTableSize(size);
    expect(encode(encoder, status)).toEqual(hex(block));
    expect(encode(encoder, status)).toEqual(hex("88"));
  });

  test("more than 4096 is used, and announced, if asked for", () => {
    const encoder = new HpackEncoder({ maxTableSize: 8192 });
    expect(encode(encoder, status)).toEqual(hex("88"));
    encoder.setMaxTableSize(65_536);
    expect(encode(encoder, status)).toEqual(hex("3fe13f 88"));
  });

  test("less than the peer offers is announced", () => {
    expect(encode(new HpackEncoder({ maxTableSize: 0 }), status)).toEqual(hex("20 88"));
  });

  test("a reduction evicts on both sides, and the known bytes are not used again", () => {
    const encoder = new HpackEncoder();
    const decoder = new HpackDecoder();
    const headers = new HeaderFields(["a", "1", "b", "2"]);
    const send = (): string[] => [...decode(decoder, encodeList(encoder, headers)).fields];
    for (let i = 0; i < 3; i++) send();
    for (const size of [34, 4096, 0, 70, 4096]) {
      encoder.setMaxTableSize(size);
      decoder.setMaxTableSize(size);
      for (let i = 0; i < 3; i++) expect(send()).toEqual(headers.fields);
    }
  });
});
