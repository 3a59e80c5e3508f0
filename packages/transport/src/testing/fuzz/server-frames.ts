import type { CallContext } from "nice-grpc-common";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { mustHold, type FuzzSession, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { createClient } from "../../client/create-client.js";
import { createInProcessChannel } from "../../client/in-process-channel.js";
import { CLIENT_PREFACE, FRAME_GOAWAY, LARGEST_MAX_FRAME_SIZE } from "../../http2/constants.js";
import { ErrorCode } from "../../http2/errors.js";
import { serverBytes } from "../../http2/buffered-bytes.js";
import { FrameReader } from "../../http2/frame-reader.js";
import { createServer } from "../../server/create-server.js";
import { clientSeeds, frameWords } from "./frame-seeds.js";
import { frames } from "./pieces.js";
import { cut, settle } from "./settle.js";

/** A connection says these bytes to a server and ends; another one has a call beside it. */
export const serverFrames: FuzzTarget = {
  name: "server-frames",
  about: "the bytes of a client, into a server with calls of others",
  covers: ["/hpack/", "/http2/", "/grpc/", "/server/"],
  maxBytes: 4096,
  seeds: clientSeeds,
  dictionary: frameWords,
  pieces: frames,
  maxSteps: { base: 100_000, perByte: 2000 },
  open,
};

async function open(): Promise<FuzzSession> {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService(answerMetadata));
  const channel = createInProcessChannel(server);
  const witness = createClient(EchoServiceDefinition, channel);
  await witness.echoUnary({ text: "first" });
  const { stats } = server;
  return {
    async run(input) {
      const { codes } = await converse(server.connectInProcess(), input);
      mustHold(!codes.includes(ErrorCode.INTERNAL_ERROR), "the server says INTERNAL_ERROR");
      await settle(() => stats.connectionsOpen === 1, "the connection is still there");
      await settle(
        () => stats.callsStarted === stats.callsSucceeded + stats.callsFailed,
        "a call of it has not ended",
      );
      mustHold(
        serverBytes.total === 0 && serverBytes.connections === 1,
        `${serverBytes.total} bytes of ${serverBytes.connections} connections are still counted`,
      );
      const { text } = await witness.echoUnary({ text: "beside" });
      mustHold(text === "beside" && stats.connectionsOpened > 1, "the call beside it is not right");
    },
    close() {
      channel.close();
      server.forceShutdown();
    },
  };
}

/** Sends a call's metadata back, as header and as trailer. */
function answerMetadata({ metadata, header, trailer }: CallContext): void {
  for (const [name, values] of metadata) {
    if (!name.startsWith("x-")) continue;
    header.set(name, values);
    for (const value of values) trailer.append(name, value);
  }
}

/** Says the input, ends, and reads until the server ends too. */
async function converse(
  socket: ReturnType<ReturnType<typeof createServer>["connectInProcess"]>,
  input: Buffer,
) {
  const codes: number[] = [];
  const reader = new FrameReader(
    {
      onFrame(type, _flags, _id, buffer, start) {
        if (type === FRAME_GOAWAY) codes.push(buffer.readUInt32BE(start + 4));
        return true;
      },
    },
    LARGEST_MAX_FRAME_SIZE,
  );
  socket.on("data", (chunk: Buffer) => reader.read(chunk));
  socket.on("error", () => {});
  const closed = new Promise((resolve) => socket.once("close", resolve));
  socket.write(CLIENT_PREFACE);
  for (const part of cut(input[0] ?? 0, input.subarray(1))) socket.write(part);
  socket.end();
  await closed;
  return { codes };
}
