import { describe, expect, test } from "@jest/globals";
import { HpackDecoder } from "./decoder.js";
import { HpackError } from "./errors.js";
import { decode, hex } from "../testing/header-blocks.js";

const A_1 = hex("4001 61 01 31"); // a: 1, added to the table
const FIRST = hex("be"); // the newest entry

describe("malformed blocks are refused (RFC 7541)", () => {
  test.each<[string, string, string]>([
    ["2.3.3: index 0", "80", "Index 0"],
    ["2.3.3: index past the table", "be", "Index past the table"],
    ["2.3.3: index far past the table", "ffffffff7f", "Index past the table"],
    ["2.3.3: a literal's name past the table", "7e 01 31", "Index past the table"],
    ["2.3.3: an unindexed literal's name past the table", "0f2f 01 31", "Index past the table"],
    ["5.1: an integer without its second byte", "ff", "Integer cut short"],
    ["5.1: an integer that goes on past the end", "ff80", "Integer cut short"],
    ["5.1: an integer of six more bytes", "ff808080808000", "Integer too long"],
    ["5.1: an integer over 32 bits", "ffffffffff7f", "Integer too large"],
    ["5.1: a length over 32 bits", "007f8080808010", "Integer too large"],
    ["5.2: a name that goes on past the end", "0003 6162", "String cut short"],
    ["5.2: a name without a value", "0001 61", "String cut short"],
    ["5.2: a literal without a name", "00", "String cut short"],
    ["5.2: a length of 4 GiB", "007f80ffffff0f", "String cut short"],
    ["5.2: EOS in a string", "0001 61 84ffffffff", "Invalid Huffman code"],
    ["5.2: EOS and then a symbol", "0001 61 85fffffffc7f", "Invalid Huffman code"],
    ["5.2: padding of eight bits", "0001 61 821fff", "Invalid Huffman code"],
    ["5.2: nothing but padding of eight bits", "0001 61 81ff", "Invalid Huffman code"],
    ["5.2: padding of zeros", "0001 61 8118", "Invalid Huffman code"],
    ["5.2: a code cut short", "0001 61 82fffe", "Invalid Huffman code"],
    ["4.2: a size update after a field", "82 20", "Size update after a field"],
    ["6.3: a size update above the limit", "3fe21f", "Size update above the limit"],
  ])("%s", (_, block, message) => {
    const decoder = new HpackDecoder();
    expect(() => decode(decoder, hex(block))).toThrow(new HpackError(message));
  });

  test("the block ends where it is said to, whatever follows", () => {
    const decoder = new HpackDecoder();
    const bytes = hex("82 0001 61 0131");
    expect(decoder.decode(bytes, 1, 6).fields).toEqual(["a", "1"]);
    expect(() => decoder.decode(bytes, 1, 5)).toThrow("String cut short");
    expect(decoder.decode(bytes, 3, 3).fields).toEqual([]);
  });
});

describe("what is unusual and valid", () => {
  test.each<[string, string, string[]]>([
    ["an empty block", "", []],
    ["5.1: an integer with needless bytes", "1f80808000 00", ["accept-charset", ""]],
    ["5.2: an empty Huffman string", "0001 61 80", ["a", ""]],
    ["5.2: seven bits of padding", "0001 61 8418c631ff", ["a", "aaaaa"]],
    ["5.2: three bits of padding", "0001 61 811f", ["a", "a"]],
    ["5.2: bytes beyond ASCII", "0001 61 02c3a9", ["a", "Ã©"]],
    ["6.3: a size update alone", "20", []],
    ["6.3: three size updates", "20 3f01 20 82", [":method", "GET"]],
    ["6.3: a size update of the limit itself", "3fe11f 82", [":method", "GET"]],
  ])("%s", (_, block, fields) => {
    expect(decode(new HpackDecoder(), hex(block)).fields).toEqual(fields);
  });
});

describe("the dynamic table", () => {
  test("4.4: an entry larger than the table empties it and is no error", () => {
    const decoder = new HpackDecoder({ maxTableSize: 64 });
    decode(decoder, A_1);
    const large = Buffer.concat([hex("4001 61 20"), Buffer.alloc(32, "x")]);
    expect(decode(decoder, large).fields).toEqual(["a", "x".repeat(32)]);
    expect(() => decode(decoder, FIRST)).toThrow("Index past the table");
  });

  test("4.1: an entry that fills the table exactly stays", () => {
    const decoder = new HpackDecoder({ maxTableSize: 34 });
    decode(decoder, A_1);
    expect(decode(decoder, FIRST).fields).toEqual(["a", "1"]);
    expect(() => decode(new HpackDecoder({ maxTableSize: 33 }), Buffer.concat([A_1, FIRST]))).toThrow(
      HpackError,
    );
  });

  test("4.4: an entry may take its name from one that it evicts", () => {
    const decoder = new HpackDecoder({ maxTableSize: 40 });
    decode(decoder, A_1);
    expect(decode(decoder, hex("7e 0132")).fields).toEqual(["a", "2"]);
    expect(decode(decoder, FIRST).fields).toEqual(["a", "2"]);
    expect(() => decode(decoder, hex("bf"))).toThrow("Index past the table");
  });

  test("holds as many entries as fit, through growth and around its ring", () => {
    const decoder = new HpackDecoder();
    for (let i = 0; i < 1000; i++)
      decode(decoder, Buffer.from([0x40, 1, 0x61, 3, ...Buffer.from(`${100 + i}`.slice(-3))]));
    // 36 bytes each: 113 fit in 4096.
    const whole = Buffer.concat(Array.from({ length: 113 }, (_, i) => writeIndex(62 + i)));
    const expected = Array.from({ length: 113 }, (_, i) => ["a", `${1099 - i}`.slice(-3)]).flat();
    expect(decode(decoder, whole).fields).toEqual(expected);
    expect(() => decode(decoder, writeIndex(62 + 113))).toThrow("Index past the table");
  });

  test("6.3: a size update evicts, and a larger one brings nothing back", () => {
    const decoder = new HpackDecoder();
    decode(decoder, A_1);
    decode(decoder, hex("20 3fe11f"));
    expect(() => decode(decoder, FIRST)).toThrow("Index past the table");
  });
});

function writeIndex(index: number): Buffer {
  return index < 127 ? Buffer.from([0x80 | index]) : Buffer.from([0xff, index - 127]);
}

describe("our SETTINGS_HEADER_TABLE_SIZE (RFC 7541, section 4.2, RFC 9113, section 4.3.1)", () => {
  test("after a reduction the next block begins with a size update", () => {
    const decoder = new HpackDecoder();
    decoder.setMaxTableSize(100);
    expect(() => decode(decoder, hex("82"))).toThrow("Size update missing");
  });

  test("even if the block was known", () => {
    const decoder = new HpackDecoder();
    const known = decode(decoder, hex("82"));
    decode(decoder, hex("82"));
    expect(decode(decoder, hex("82"))).not.toBe(known);
    decoder.setMaxTableSize(100);
    expect(() => decode(decoder, hex("82"))).toThrow("Size update missing");
  });

  test("which is not above the new limit", () => {
    const decoder = new HpackDecoder();
    decoder.setMaxTableSize(30);
    expect(() => decode(decoder, hex("3f00"))).toThrow("Size update above the limit");
    const other = new HpackDecoder();
    other.setMaxTableSize(30);
    expect(decode(other, hex("3e 82")).fields).toEqual([":method", "GET"]);
    expect(decode(other, hex("82")).fields).toEqual([":method", "GET"]);
  });

  test("a reduction and an increase: the smallest first, then up to the last", () => {
    const decoder = new HpackDecoder();
    decoder.setMaxTableSize(0);
    decoder.setMaxTableSize(8192);
    expect(decode(decoder, hex("20 3fe13f 82")).fields).toEqual([":method", "GET"]);
    expect(() => decode(decoder, hex("3fe23f"))).toThrow("Size update above the limit");
    const other = new HpackDecoder();
    other.setMaxTableSize(0);
    other.setMaxTableSize(8192);
    expect(() => decode(other, hex("3fe13f"))).toThrow("Size update above the limit");
  });

  test("no update is due while the table is smaller than the new limit", () => {
    const decoder = new HpackDecoder();
    decode(decoder, hex("20"));
    decoder.setMaxTableSize(100);
    expect(decode(decoder, hex("82")).fields).toEqual([":method", "GET"]);
    decoder.setMaxTableSize(8192);
    expect(decode(decoder, hex("82")).fields).toEqual([":method", "GET"]);
  });
});

describe("the limit on a list's size (RFC 9113, section 6.5.2)", () => {
  test("a list of the limit's size is kept, one byte more is not", () => {
    const decoder = new HpackDecoder({ maxHeaderListSize: 34 });
    const fits = decode(decoder, hex("0001 61 01 31"));
    expect([fits.size, fits.tooLarge, fits.fields]).toEqual([34, false, ["a", "1"]]);
    const over = decode(decoder, hex("0001 61 02 3131"));
    expect([over.size, over.tooLarge, over.fields]).toEqual([35, true, []]);
  });

  test("a list over it still changes the table", () => {
    const decoder = new HpackDecoder({ maxHeaderListSize: 40 });
    expect(decode(decoder, Buffer.concat([FIRST.subarray(1), A_1, hex("4001 62 01 32")])).tooLarge).toBe(
      true,
    );
    expect(decode(decoder, FIRST).fields).toEqual(["b", "2"]);
    expect(decode(decoder, hex("bf")).fields).toEqual(["a", "1"]);
  });

  test("HPACK bomb: one large entry, referred to 100,000 times, holds no memory", () => {
    const decoder = new HpackDecoder();
    const bomb = Buffer.concat([hex("4001 61 7fa11e"), Buffer.alloc(4000, "x"), Buffer.alloc(100_000, 0xbe)]);
    const list = decode(decoder, bomb);
    expect(list.tooLarge).toBe(true);
    expect(list.size).toBe(100_001 * 4033);
    expect(list.fields).toEqual([]);
  });

  test("16 KiB, at most 512 fields, is the default", () => {
    const decoder = new HpackDecoder();
    const empty = hex("0001 61 00"); // 33 bytes
    expect(decode(decoder, Buffer.concat(Array(496).fill(empty))).tooLarge).toBe(false);
    expect(decode(decoder, Buffer.concat(Array(497).fill(empty))).tooLarge).toBe(true);
  });
});

describe("malformed fields (RFC 9113, section 8.2.1) are marked, and are no compression error", () => {
  test.each<[string, string]>([
    ["an upper-case name", "0001 41 0131"],
    ["an empty name", "0000 0131"],
    ["a space in a name", "0003 612061 0131"],
    ["a colon inside a name", "0003 613a61 0131"],
    ["a colon alone", "0001 3a 0131"],
    ["a name beyond ASCII", "0001 e9 0131"],
    ["NUL in a value", "0001 61 0100"],
    ["a line feed in a value", "0001 61 03610a61"],
    ["DEL in a value", "4001 61 017f"],
  ])("%s", (_, block) => {
    const decoder = new HpackDecoder();
    for (let i = 0; i < 4; i++) expect(decode(decoder, hex(block)).malformed).toBe(true);
    expect(decode(decoder, hex("82")).malformed).toBe(false);
  });

  test("a malformed entry of the table marks each list that refers to it, by field or by name", () => {
    const decoder = new HpackDecoder();
    decode(decoder, hex("4001 41 0131"));
    for (let i = 0; i < 4; i++) {
      expect(decode(decoder, FIRST).malformed).toBe(true);
      expect(decode(decoder, hex("0f2f 0131")).malformed).toBe(true);
      expect(decode(decoder, hex("82")).malformed).toBe(false);
    }
  });

  test.each([
    ["31", true],
    ["e9", false],
    ["09", false],
  ])("a list says whether its values are text, out of the table too: %s", (value, isText) => {
    const decoder = new HpackDecoder();
    expect(decode(decoder, hex(`0001 61 01${value}`)).isText).toBe(isText);
    expect(decode(decoder, hex(`4001 61 01${value}`)).isText).toBe(isText);
    for (let i = 0; i < 4; i++) expect(decode(decoder, FIRST).isText).toBe(isText);
  });

  test("a string that is valid as a value is not taken for valid as a name", () => {
    const decoder = new HpackDecoder();
    for (let i = 0; i < 4; i++)
      expect(decode(decoder, hex(`0001 61 0141 0001 ${62 + i} 0131`)).malformed).toBe(false);
    expect(decode(decoder, hex("0001 41 0131")).malformed).toBe(true);
  });
});

describe("blocks that repeat", () => {
  const block = hex("83 86 0001 61 0131");

  test("are recognised from the third time on", () => {
    const decoder = new HpackDecoder();
    decode(decoder, block);
    const second = decode(decoder, block);
    second.parsed = { method: "x" };
    const moved = Buffer.concat([hex("ffff"), block, hex("ff")]);
    expect(decoder.decode(moved, 2, 2 + block.length)).toBe(second);
    expect(decode(decoder, block.subarray(0, 2))).not.toBe(second);
  });

  test("thirty at once", () => {
    const decoder = new HpackDecoder();
    const blocks = Array.from({ length: 30 }, (_, i) =>
      Buffer.from([0x83, 0x86, 0x04, 4, 0x2f, 0x61, 0x62, 0x41 + i]),
    );
    for (let round = 0; round < 2; round++) for (const each of blocks) decode(decoder, each);
    const lists = blocks.map((each) => decode(decoder, each));
    expect(blocks.map((each) => decode(decoder, each))).toEqual(lists);
    const hits = blocks.filter((each, i) => decode(decoder, each) === lists[i]).length;
    expect(hits).toBe(30);
    expect(lists.map((list) => list.fields[5])).toEqual(blocks.map((each) => each.toString("latin1", 4)));
  });

  test("are not recognised once the table has changed", () => {
    const decoder = new HpackDecoder();
    decode(decoder, A_1);
    for (let i = 0; i < 3; i++) expect(decode(decoder, FIRST).fields).toEqual(["a", "1"]);
    decode(decoder, hex("4001 62 01 32"));
    for (let i = 0; i < 3; i++) expect(decode(decoder, FIRST).fields).toEqual(["b", "2"]);
    decode(decoder, hex("20"));
    expect(() => decode(decoder, FIRST)).toThrow("Index past the table");
  });

  test("add to the table each time if they add at all", () => {
    const decoder = new HpackDecoder();
    for (let i = 0; i < 5; i++) decode(decoder, A_1);
    expect(decode(decoder, hex("c2")).fields).toEqual(["a", "1"]);
    expect(() => decode(decoder, hex("c3"))).toThrow("Index past the table");
  });

  test("and values that repeat in blocks that do not", () => {
    const decoder = new HpackDecoder();
    const path = Buffer.concat([hex("04 86"), hex("a8eb10649cbf")]);
    for (let i = 0; i < 300; i++) {
      const volatile = Buffer.from([0x00, 1, 0x61, 3, ...Buffer.from(`${i + 100}`)]);
      expect(decode(decoder, Buffer.concat([path, volatile])).fields).toEqual([
        ":path",
        "no-cache",
        "a",
        `${i + 100}`,
      ]);
    }
  });

  test("the block's buffer may be written over afterwards", () => {
    const decoder = new HpackDecoder();
    const bytes = Buffer.from(hex("0001 61 14 6161616161616161616161616161616161616161"));
    const lists = [decode(decoder, bytes), decode(decoder, bytes), decode(decoder, bytes)];
    bytes.fill(0);
    for (const list of lists) expect(list.fields).toEqual(["a", "a".repeat(20)]);
  });
});
