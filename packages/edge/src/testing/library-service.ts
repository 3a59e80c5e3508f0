import { aborted, failedPrecondition, notFound, type ServiceImplementation } from "@callwire/server-kit";
import { ServerError, Status } from "nice-grpc-common";
import type { LibraryServiceDefinition } from "./gen/callwire/edge/testing/v1/library_service.js";

/** Serves a library of one book, "1", which all tests of a server share. */
export function libraryService(): ServiceImplementation<LibraryServiceDefinition> {
  const books = new Map([["1", { title: "One", version: 1 }]]);
  const byRequest = new Map<string, string>();
  const found = (id: string) => {
    const book = books.get(id);
    if (book === undefined) throw notFound({ resource: "Book", id });
    return book;
  };
  const sent = (id: string) => {
    const { title, version } = found(id);
    return { book: { id, title, etag: `v${version}` } };
  };
  const isOther = (id: string, etag: string) => etag !== "" && etag !== `v${found(id).version}`;
  return {
    getBook: async ({ id }) => sent(id),

    async createBook({ book, requestId }) {
      const id = byRequest.get(requestId) ?? String(books.size + 1);
      if (requestId !== "") byRequest.set(requestId, id);
      if (!books.has(id)) books.set(id, { title: book?.title ?? "", version: 1 });
      return sent(id);
    },

    async updateBook({ book, updateMask = [] }) {
      const { id, title, etag } = { id: "", title: "", etag: "", ...book };
      if (title === "deadlock") throw aborted({ resource: "Book", id, reason: "DEADLOCK" });
      if (isOther(id, etag)) throw aborted({ resource: "Book", id, reason: "ETAG_MISMATCH" });
      const others = updateMask.filter((path) => path !== "title");
      if (others.length > 0) throw new ServerError(Status.INVALID_ARGUMENT, `${others.join()} cannot change`);
      const isChanged = updateMask.length > 0 || title !== "";
      const old = found(id);
      books.set(id, { title: isChanged ? title : old.title, version: old.version + 1 });
      return sent(id);
    },

    async deleteBook({ id, etag }) {
      const violation = { type: "ETAG", subject: id, description: "has another tag" };
      if (isOther(id, etag))
        throw failedPrecondition({ message: "changed", reason: "ETAG_MISMATCH", violations: [violation] });
      if (id === "1") throw failedPrecondition({ message: "the first book stays", violations: [] });
      books.delete(id);
      return {};
    },

    async getCover({ id }) {
      const type = id === "malformed" ? "image/png\r\nx-other: y" : "image/png";
      return id === "none" ? {} : { cover: { contentType: type, data: Buffer.from(`cover ${id}`) } };
    },

    putCover: async ({ cover }) => ({ size: cover?.data.length ?? 0, type: cover?.contentType ?? "" }),

    async *copyPages(pages) {
      for await (const { contentType, data } of pages) {
        if (Buffer.from(data).toString() === "fail") throw new ServerError(Status.ABORTED, "failed");
        yield { contentType, data };
      }
    },

    async *whisper(lines) {
      for await (const { text } of lines) yield { text: text.toLowerCase() };
    },
  };
}
