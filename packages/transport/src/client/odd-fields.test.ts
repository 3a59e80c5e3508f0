import { describe, expect, test } from "@jest/globals";
import { EchoServiceDefinition } from "@callwire/testkit";
import { frame } from "@callwire/testkit/wire";
import { ClientError, Metadata, ServerError, Status } from "nice-grpc-common";
import { FLAG_END_HEADERS, FLAG_END_STREAM, FRAME_DATA, FRAME_HEADERS } from "../http2/constants.js";
import { start } from "../testing/echo-server.js";
import { echoClient } from "../testing/echo-client.js";
import { failureOf } from "../testing/outcomes.js";
import {
  echoMessage,
  goodCall,
  outcome,
  requestFields,
  startRawServer,
  dataFrames,
} from "../testing/raw-calls.js";
import { literals, RawPeer } from "../testing/raw-peer.js";
import { goodEcho, openRawEcho, responseHeaders, takeRequest } from "../testing/raw-server-peer.js";
import { createChannel } from "./channel.js";
import { createClient } from "./create-client.js";

const headers = (id: number, flags: number, ...fields: string[][]) =>
  frame(FRAME_HEADERS, FLAG_END_HEADERS | flags, id, literals(fields));

test("an HTTP status that there is not is an error of the server", async () => {
  await using raw = await openRawEcho();
  const failure = failureOf(raw.client.echoUnary({ text: "a" }));
  raw.peer.send(headers(await takeRequest(raw.peer), FLAG_END_STREAM, [":status", "800"]));
  const { code, details } = await failure;
  expect([code, details]).toEqual([Status.UNKNOWN, "HTTP status 800"]);
  await goodEcho(raw, raw.peer);
});

describe("white space around a value, as C-core and Go send it", () => {
  test("a status message to us: the code is kept, and so is the text", async () => {
    await using raw = await openRawEcho();
    for (const message of [" padded ", "\tpadded", "padded\t "]) {
      const failure = failureOf(raw.client.echoUnary({ text: "a" }));
      const id = await takeRequest(raw.peer);
      raw.peer.send(responseHeaders(raw.peer, id));
      raw.peer.send(
        headers(id, FLAG_END_STREAM, ["grpc-status", "5"], ["grpc-message", message], ["x-pad", " v "]),
      );
      const { code, details } = await failure;
      expect([code, details]).toEqual([Status.NOT_FOUND, message]);
    }
    await goodEcho(raw, raw.peer);
  });
  test("metadata to the server", async () => {
    const seen: unknown[] = [];
    await using served = await startRawServer(
      {},
      {
        async echoUnary({ text }, { metadata }) {
          seen.push(metadata.get("x-pad"));
          return { text };
        },
      },
    );
    using peer = await RawPeer.open(served.port);
    const fields = [...Object.entries(requestFields()), ["x-pad", "  padded "]];
    peer.send(headers(1, 0, ...fields), dataFrames(1, echoMessage("x"), FLAG_END_STREAM));
    expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("0");
    peer.nextId = 3;
    await goodCall(peer);
    expect(seen).toEqual(["  padded ", undefined]);
  });
  test("a status message and metadata from us, to a peer that is strict", async () => {
    await using served = await startRawServer(
      {},
      {
        async echoUnary(_, context) {
          context.trailer.set("x-pad", " padded ");
          throw new ServerError(Status.NOT_FOUND, " not here ");
        },
      },
    );
    using peer = await RawPeer.open(served.port);
    peer.send(peer.headers(1, requestFields()), dataFrames(1, echoMessage("x"), FLAG_END_STREAM));
    const { fields } = await outcome(peer, 1);
    expect(fields).toMatchObject({
      "grpc-status": "5",
      "grpc-message": "%20not here%20",
      "x-pad": "padded",
    });
  });
});

describe("a field that HTTP allows and gRPC does not is left out, the others stay", () => {
  const odd = [
    ["x!odd", "name"],
    ["x~odd-bin", "AAAA"],
    ["x-text", "caf\xe9"],
    ["x-good", "here"],
  ];
  test("of a response: header and trailer, of calls that end well and that fail", async () => {
    await using raw = await openRawEcho();
    for (const status of ["0", "5"]) {
      let header: Metadata | undefined;
      let trailer: Metadata | undefined;
      const call = raw.client.echoUnary(
        { text: "a" },
        { onHeader: (got) => (header = got), onTrailer: (got) => (trailer = got) },
      );
      const ended = call.then(
        () => Status.OK,
        (error: ClientError) => error.code,
      );
      const id = await takeRequest(raw.peer);
      raw.peer.send(headers(id, 0, [":status", "200"], ["content-type", "application/grpc"], ...odd));
      raw.peer.send(frame(FRAME_DATA, 0, id, echoMessage("x")));
      raw.peer.send(headers(id, FLAG_END_STREAM, ["grpc-status", status], ...odd));
      expect(await ended).toBe(Number(status));
      for (const metadata of [header!, trailer!]) {
        expect([metadata.get("x!odd"), metadata.get("x-text"), metadata.get("x-good")]).toEqual([
          undefined,
          undefined,
          "here",
        ]);
        expect([...metadata].map(([name]) => name)).toEqual(["x-good"]);
        // Nice-grpc's own takes them.
        expect(Metadata(metadata).get("x-good")).toBe("here");
      }
    }
  });
  test("of a request", async () => {
    const seen: unknown[] = [];
    await using served = await startRawServer(
      {},
      {
        async echoUnary({ text }, { metadata }) {
          seen.push(
            metadata.get("x!odd"),
            [...Metadata(metadata)].map(([name]) => name),
          );
          return { text };
        },
      },
    );
    using peer = await RawPeer.open(served.port);
    const names = odd.filter(([name]) => name !== "x-text");
    peer.send(headers(1, 0, ...Object.entries(requestFields()), ...names));
    peer.send(dataFrames(1, echoMessage("x"), FLAG_END_STREAM));
    expect((await outcome(peer, 1)).fields["grpc-status"]).toBe("0");
    expect(seen).toEqual([undefined, ["x-good"]]);
  });
});

describe("an encoder that ends its own call", () => {
  test("by the caller's signal: nothing follows RST_STREAM, and the connection goes on", async () => {
    await using raw = await openRawEcho();
    // Without a connection, the message is encoded before there is a stream.
    await goodEcho(raw, raw.peer);
    const { echoUnary } = EchoServiceDefinition.methods;
    let cancel = new AbortController();
    const aborting = {
      ...EchoServiceDefinition,
      methods: {
        echoUnary: {
          ...echoUnary,
          requestType: {
            ...echoUnary.requestType,
            encode(message: never) {
              cancel.abort();
              return echoUnary.requestType.encode(message);
            },
          },
        },
      },
    } as const;
    const client = createClient(aborting, raw.channel);
    for (let i = 0; i < 3; i++) {
      cancel = new AbortController();
      // A short message, and one that has frames of its own.
      const text = "a".repeat(i * 20_000);
      const failure = failureOf(client.echoUnary({ text }, { signal: cancel.signal }));
      const id = raw.peer.nextId;
      expect((await failure).name).toBe("AbortError");
      await goodEchoAfter(id);
      const frames = raw.peer.of(id);
      expect(frames.filter(({ type }) => type === FRAME_DATA)).toEqual([]);
    }
    async function goodEchoAfter(id: number): Promise<void> {
      raw.peer.nextId = id + 2;
      await goodEcho(raw, raw.peer);
    }
  });
  test("by the server's end: the process and other servers go on", async () => {
    const { echoUnary } = EchoServiceDefinition.methods;
    let stop = (): void => {};
    const stopping = {
      ...EchoServiceDefinition,
      methods: {
        echoUnary: {
          ...echoUnary,
          responseType: {
            ...echoUnary.responseType,
            encode(message: never) {
              stop();
              return echoUnary.responseType.encode(message);
            },
          },
        },
      },
    } as const;
    await using started = await start((server) => {
      stop = () => server.forceShutdown();
      server.add(stopping, { echoUnary: async ({ text }: { text: string }) => ({ text }) });
    });
    const channel = createChannel(started.address);
    const client = createClient(EchoServiceDefinition, channel);
    expect([Status.UNAVAILABLE, Status.CANCELLED]).toContain(
      (await failureOf(client.echoUnary({ text: "a" }))).code,
    );
    channel.close();
  });
});

test("our own client and server: what is padded arrives", async () => {
  await using served = await startRawServer(
    {},
    {
      async echoUnary(_, { metadata }) {
        throw new ServerError(Status.ABORTED, ` ${metadata.get("x-pad")} `);
      },
    },
  );
  using echo = echoClient(`127.0.0.1:${served.port}`);
  const failure = await failureOf(
    echo.client.echoUnary({ text: "a" }, { metadata: Metadata({ "x-pad": " padded " }) }),
  );
  expect([failure.code, failure.details]).toEqual([Status.ABORTED, " padded "]);
});
