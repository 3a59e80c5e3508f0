import { once } from "node:events";
import {
  createServer,
  type Http2Server,
  type ServerHttp2Stream,
  type ServerStreamResponseOptions,
} from "node:http2";
import { connect, type AddressInfo, type Socket } from "node:net";
import { afterAll, beforeAll, describe, expect, test } from "@jest/globals";
import { frame } from "@callwire/testkit/wire";
import * as fc from "fast-check";
import { HpackDecoder } from "./decoder.js";
import { HpackEncoder } from "./encoder.js";
import { HeaderFields } from "./header-fields.js";
import { byName, encodeList } from "../testing/header-blocks.js";

// nghttp2, which is node:http2's, as an independent implementation: it decodes what our encoder sends, and
// sends the same fields back for our decoder.

const PREFACE = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
const HEADERS = 1;
const SETTINGS = 4;
const END_STREAM_AND_HEADERS = 5;
const SETTINGS_HEADER_TABLE_SIZE = 1;

const REQUEST = [":method", "POST", ":scheme", "http", ":path", "/a.B/C", ":authority", "localhost"];

/** The type leaves `sendDate` out. */
const WITHOUT_DATE: ServerStreamResponseOptions & { sendDate: boolean } = {
  endStream: true,
  sendDate: false,
};

let server: Http2Server;

beforeAll(async () => {
  server = createServer();
  server.on("stream", (stream: ServerHttp2Stream, _headers: unknown, _flags: number, raw: string[]) => {
    const response: Record<string, string> = { ":status": "200" };
    for (let i = REQUEST.length; i < raw.length; i += 2) response[raw[i]!] = raw[i + 1]!;
    stream.respond(response, WITHOUT_DATE);
  });
  server.listen(0);
  await once(server, "listening");
});

afterAll(() => {
  server.close();
});

/** The payloads of the HEADERS frames that come, or an error for a GOAWAY or a RST_STREAM. */
async function* headerBlocks(socket: Socket): AsyncGenerator<Buffer, void> {
  let pending = Buffer.alloc(0);
  for await (const chunk of socket as AsyncIterable<Buffer>) {
    pending = Buffer.concat([pending, chunk]);
    while (pending.length >= 9 && pending.length >= 9 + pending.readUIntBE(0, 3)) {
      const end = 9 + pending.readUIntBE(0, 3);
      const type = pending[3];
      if (type === HEADERS) yield pending.subarray(9, end);
      else if (type === 3 || type === 7) throw new Error(`frame of type ${type}`);
      pending = pending.subarray(end);
    }
  }
}

const fields = fc.uniqueArray(
  fc.tuple(
    fc.oneof(
      fc.constantFrom("x-a", "x-b", "user-agent", "grpc-timeout"),
      fc.stringMatching(/^x-[a-z0-9_.-]{1,40}$/),
    ),
    fc.oneof(
      fc.constantFrom("", "1", "2", "trailers"),
      fc.stringMatching(/^[!-~]{1,100}$/),
      // Each symbol of Huffman's code that a value may have.
      fc
        .array(fc.integer({ min: 0x80, max: 0xff }), { minLength: 1, maxLength: 40 })
        .map((bytes) => String.fromCharCode(...bytes)),
    ),
  ),
  { selector: ([name]) => name, maxLength: 20 },
);

describe("against node:http2", () => {
  test.each([4096, 0, 200, 65_536])("200 random lists, our table size %d", async (tableSize) => {
    const socket = connect((server.address() as AddressInfo).port);
    try {
      const settings = Buffer.alloc(6);
      settings.writeUInt16BE(SETTINGS_HEADER_TABLE_SIZE, 0);
      settings.writeUInt32BE(tableSize, 2);
      socket.write(Buffer.concat([Buffer.from(PREFACE), frame(SETTINGS, 0, 0, settings)]));
      const blocks = headerBlocks(socket);
      const encoder = new HpackEncoder({ maxTableSize: tableSize });
      const decoder = new HpackDecoder();
      decoder.setMaxTableSize(tableSize);
      const request = new HeaderFields(REQUEST);
      let stream = 1;
      for (const list of fc.sample(fields, { numRuns: 200, seed: 7541 })) {
        const flat = list.flat();
        const block =
          stream % 3 === 0
            ? encodeList(encoder, new HeaderFields([...REQUEST, ...flat]))
            : encodeList(encoder, request, flat);
        socket.write(frame(HEADERS, END_STREAM_AND_HEADERS, stream, block));
        const { value: answer } = await blocks.next();
        const { fields: answered } = decoder.decode(answer!, 0, answer!.length);
        expect(byName(answered)).toEqual(byName([":status", "200", ...flat]));
        stream += 2;
      }
    } finally {
      socket.destroy();
    }
  });
});
