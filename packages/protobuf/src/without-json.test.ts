import { describe, expect, test } from "@jest/globals";
import * as full from "./index.js";
import * as bare from "./without-json.js";

// The declarations of one are those of both.
const all: typeof full = bare;

interface Item {
  id: string;
  tags: string[];
  parts: Item[];
  sizes: Map<string, Item>;
  choice: { $case: "item"; value: Item } | { $case: "text"; value: string } | undefined;
  mask: string[] | undefined;
  any: unknown;
}

const { list, map, oneof, string, fieldMask, value } = all;

const Item: full.MessageType<Item> = all.messageType<Item>({
  name: "test.Item",
  create: () => ({
    id: "",
    tags: [],
    parts: [],
    sizes: new Map(),
    choice: undefined,
    mask: undefined,
    any: undefined,
  }),
  write(m, w) {
    if (m.id !== "") w.string(10, m.id);
    for (const v of m.parts) w.message(18, Item, v);
  },
  read(m, r) {
    while (r.position < r.limit) {
      const tag = r.tag();
      if (tag === 10) m.id = r.string();
      else if (tag === 18) m.parts.push(r.message(Item, undefined));
      else r.unknown(tag, m);
    }
  },
  fields: () => ({
    id: string,
    tags: list(string),
    parts: list(Item),
    sizes: map(string, Item),
    choice: oneof({ item: Item, text: string }),
    mask: fieldMask,
    any: value,
  }),
});

describe("the runtime without JSON", () => {
  test("has the names of the one with it", () => {
    expect(Object.keys(all).toSorted()).toEqual(Object.keys(full).toSorted());
  });

  test("writes and reads messages", () => {
    const item = Item.create({ id: "a", parts: [{ id: "b" }] });
    expect(Item.decode(Item.encode(item).finish())).toEqual(item);
    expect(all.isMessageType(Item)).toBe(true);
  });

  test("copies what fromPartial is given, as deep as the message is", () => {
    const inside = Item.create({ id: "inside" });
    const given = Item.create({
      id: "a",
      tags: ["x"],
      parts: [inside],
      sizes: new Map([["k", inside]]),
      choice: { $case: "item", value: inside },
      mask: ["id"],
      any: null,
    });
    const copy = Item.fromPartial(given);
    expect(copy).toEqual(given);
    expect(copy.tags).not.toBe(given.tags);
    expect(copy.mask).not.toBe(given.mask);
    expect(copy.parts[0]).not.toBe(given.parts[0]);
    expect(copy.sizes.get("k")).not.toBe(given.sizes.get("k"));
    expect(copy.choice?.value).not.toBe(given.choice?.value);
  });

  test("has no kind or form of the other one", () => {
    const made = [list(string), map(string, string), all.mapObject(string, string), all.enumeration({})];
    const named = Object.values(all).filter((each) => typeof each === "object" && "writeJson" in each);
    expect(named).not.toHaveLength(0);
    for (const { writeJson, readJson } of [...made, ...named] as full.JsonForm<unknown>[]) {
      expect(writeJson).toThrow("there is no JSON");
      expect(readJson).toThrow("there is no JSON");
    }
  });

  test("says at a call for JSON which setting to change", () => {
    const message = 'leave the condition "callwire-without-json" out of the bundler\'s settings';
    expect(() => Item.toJSON(Item.create())).toThrow(message);
    expect(() => Item.fromJSON({})).toThrow(message);
    expect(() => all.toJsonText(Item, Item.create())).toThrow(message);
    expect(() => all.fromJsonText(Item, "{}")).toThrow(message);
  });
});
