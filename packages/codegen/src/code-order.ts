import type { DescMessage } from "@bufbuild/protobuf";

/** The most messages of a file whose code keeps the contract's order: a compressor sees them all at once. */
const MAX_KEPT = 16;

/**
 * The order in which a file has the code of its messages. gzip finds what is alike only 32 KB back, which is some ten messages: in a
 * large file those whose fields are alike stand together. Nothing else depends on the order, as types refer to one another in
 * functions.
 */
export function codeOrder(messages: readonly DescMessage[]): readonly DescMessage[] {
  if (messages.length <= MAX_KEPT) return messages;
  const shapes = messages.map((message) => ({ message, shape: shapeOf(message) }));
  return shapes
    .toSorted((a, b) => (a.shape < b.shape ? -1 : a.shape > b.shape ? 1 : 0))
    .map(({ message }) => message);
}

/** What decides most of a message's code: the numbers, names and kinds of its fields. */
function shapeOf({ fields }: DescMessage): string {
  return fields
    .toSorted((a, b) => a.number - b.number)
    .map(({ number, name, fieldKind, scalar }) => `${number} ${name} ${fieldKind} ${scalar ?? ""}`)
    .join("\n");
}
