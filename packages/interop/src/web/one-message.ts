// One message and its service, as protoc-gen-callwire makes their code, and a client of it: `bundle-size.test.ts` measures what a page
// loads for it, over Connect and, with the other protocol in its place, over gRPC-Web.
import { type MessageType, messageType, string } from "@callwire/protobuf";
import { connect, createClient } from "@callwire/client-sdk/web";

export interface Note {
  text: string;
}

export const Note: MessageType<Note> = /* @__PURE__ */ messageType<Note>({
  name: "notes.v1.Note",
  create: () => ({ text: "" }),
  write(m, w) {
    if (m.text !== "") w.string(10, m.text);
    w.unknown(m);
  },
  read(m, r) {
    while (r.position < r.limit) {
      const tag = r.tag();
      switch (tag) {
        case 10:
          m.text = r.string();
          break;
        default:
          r.unknown(tag, m);
      }
    }
  },
  fields: () => ({
    text: string,
  }),
});

export type NoteServiceDefinition = typeof NoteServiceDefinition;
export const NoteServiceDefinition = {
  name: "NoteService",
  fullName: "notes.v1.NoteService",
  methods: {
    add: {
      name: "Add",
      requestType: Note,
      requestStream: false,
      responseType: Note,
      responseStream: false,
      options: {},
    },
    watch: {
      name: "Watch",
      requestType: Note,
      requestStream: false,
      responseType: Note,
      responseStream: true,
      options: {},
    },
  },
} as const;

const notes = createClient(NoteServiceDefinition, { baseUrl: "/rpc", protocol: connect });
console.log((await notes.add({ text: "milk" })).text);
