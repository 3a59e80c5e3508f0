import type { Card, Category, Line, Order } from "../gen/codec/callwire/bench/codec/v1/nested.js";
import type { Numbers } from "../gen/codec/callwire/bench/codec/v1/numbers.js";
import type { Text } from "../gen/codec/callwire/bench/codec/v1/text.js";
import type { ListUsersResponse } from "../gen/codec/callwire/users/user_service.js";
import { userAt } from "../service/data.js";
import type { Native, RowName } from "./codec.js";
import { Random } from "./random.js";
import { proseOf, scripts } from "./prose.js";

const MIB = 1024 * 1024;

/** One row: messages of one type that differ in their values, so that none is the one that the machine has just seen. */
interface Row {
  count: number;
  /** The clock is read after so many calls: about a millisecond. */
  batch: number;
  at(index: number): Native;
}

/** All rows. */
export const rows: Record<RowName, Row> = {
  user: { count: 64, batch: 1000, at: userAt },
  page: { count: 4, batch: 12, at: pageAt },
  numbers: { count: 16, batch: 200, at: numbersAt },
  nested: { count: 16, batch: 100, at: orderAt },
  text: { count: 2, batch: 2, at: (index) => textAt(index, scripts.english) },
  "text-utf8": { count: 2, batch: 2, at: (index) => textAt(index, scripts.several) },
};

/** The messages of a row, in callwire's form. */
export function messagesOf(row: RowName): Native[] {
  const { count, at } = rows[row];
  return Array.from({ length: count }, (_, index) => at(index));
}

function pageAt(index: number): ListUsersResponse {
  return {
    users: Array.from({ length: 100 }, (_, at) => userAt(100 * index + at)),
    nextPageToken: `page-${index + 1}`,
    totalCount: 1000,
  };
}

/**
 * All numbers are ones that a `number` has, as some codecs know no others, and all floats ones that have few digits, as JSON by
 * hand does not know them from doubles. Of what is repeated, small numbers are as likely as large ones.
 */
function numbersAt(index: number): Numbers {
  const random = new Random(index);
  const list = <T>(make: () => T): T[] => Array.from({ length: 16 }, make);
  return {
    latitude: random.fraction() * 180 - 90,
    temperature: random.integer(12) / 64,
    offset: -1 - random.integer(31),
    position: BigInt(random.integer(45)),
    sequence: random.integer(32),
    bytes: BigInt(random.integer(53)),
    delta: -random.integer(15),
    drift: -BigInt(random.integer(40)),
    checksum: random.integer(32),
    device: BigInt(random.integer(53)),
    left: -random.integer(31),
    right: -BigInt(random.integer(50)),
    valid: true,
    counts: list(() => random.varied(31)),
    deltas: list(() => BigInt(random.varied(46)) * (random.fraction() < 0.5 ? 1n : -1n)),
    samples: list(() => random.fraction() * 1000),
    levels: list(() => random.integer(6) / 64),
    ports: list(() => random.varied(16)),
  };
}

function orderAt(index: number): Order {
  const random = new Random(index);
  const id = `order-${String(random.integer(32)).padStart(10, "0")}`;
  return {
    id,
    stage: ([1, 2, 3] as const)[index % 3]!,
    createdAt: new Date(1_700_000_000_000 + random.integer(30)),
    labels: new Map(
      ["region", "channel", "campaign", "currency", "language", "warehouse"].map((key) => [
        key,
        `${key}-${random.integer(10)}`,
      ]),
    ),
    totals: new Map(["net", "tax", "shipping"].map((key) => [key, BigInt(random.varied(40))])),
    lines: new Map(Array.from({ length: 5 }, (_, at) => [100 + at, lineAt(random)])),
    payment: index % 2 === 0 ? { $case: "card", value: cardOf(random) } : { $case: "voucher", value: id },
    discount: 1 + random.integer(6),
    signature: Buffer.from(Array.from({ length: 32 }, () => random.integer(8))),
    category: categoryOf(3),
  };
}

function lineAt(random: Random): Line {
  return {
    product: `product-${random.integer(20)}`,
    quantity: 1 + random.integer(4),
    price: BigInt(1 + random.integer(20)),
    notes: ["gift", `note ${random.integer(16)}`],
    size: { width: random.fraction(), height: random.fraction() },
  };
}

function cardOf(random: Random): Card {
  return {
    holder: "Alice Example",
    number: String(random.integer(52)).padStart(16, "4"),
    expiresAt: new Date(1_800_000_000_000 + random.integer(34)),
  };
}

/** A tree with two branches at each of so many levels. */
function categoryOf(levels: number): Category {
  const children = levels === 1 ? [] : [categoryOf(levels - 1), categoryOf(levels - 1)];
  return { name: `category ${levels}`, children };
}

function textAt(index: number, sentences: readonly string[]): Text {
  return { title: `Text ${index}`, content: proseOf(sentences, MIB, index) };
}
