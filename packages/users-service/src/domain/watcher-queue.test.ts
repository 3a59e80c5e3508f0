import { expect, test } from "@jest/globals";

import { WatcherQueue, type Queued } from "./watcher-queue.js";

class Item implements Queued<Item> {
  before: Item | undefined;
  after: Item | undefined;
  constructor(readonly name: string) {}
}

/** A queue of one for each letter. */
function queueOf(names: string): { queue: WatcherQueue<Item>; items: Item[] } {
  const queue = new WatcherQueue<Item>();
  const items = Array.from(names, (name) => new Item(name));
  for (const item of items) {
    queue.push(item);
  }
  return { queue, items };
}

function walkOn(queue: WatcherQueue<Item>): string {
  let names = "";
  for (let item; (item = queue.walk()) !== undefined;) {
    names += item.name;
  }
  return names;
}

function namesOf(queue: WatcherQueue<Item>): string {
  queue.startWalk();
  return walkOn(queue);
}

test.each([
  [0, "bcd"],
  [1, "acd"],
  [3, "abc"],
])("one who leaves from place %i leaves the others in their order", (place, left) => {
  const { queue, items } = queueOf("abcd");
  const leaver = items[place]!;
  queue.remove(leaver);
  // It stands here no longer.
  queue.remove(leaver);
  expect(namesOf(queue)).toBe(left);
  queue.push(leaver);
  expect(namesOf(queue)).toBe(left + leaver.name);
});

test("the last one to leave leaves it empty", () => {
  const { queue, items } = queueOf("a");
  queue.remove(items[0]!);
  expect(queue.first).toBeUndefined();
  const other = new Item("b");
  queue.push(other);
  expect(queue.first).toBe(other);
  expect(namesOf(queue)).toBe("b");
});

test("a walk goes on while any of them leave, and comes to those that come back before its end", () => {
  const { queue, items } = queueOf("abcd");
  const [a, b] = items as [Item, Item];
  queue.startWalk();
  expect(queue.walk()).toBe(a);
  queue.remove(a);
  // Who is next.
  queue.remove(b);
  queue.push(a);
  expect(walkOn(queue)).toBe("cda");
  queue.push(b);
  expect(queue.walk()).toBeUndefined();
});
