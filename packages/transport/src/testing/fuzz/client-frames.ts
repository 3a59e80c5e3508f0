import type { Socket } from "node:net";
import { ClientError, Status, type Metadata } from "nice-grpc-common";
import { EchoServiceDefinition, echoService } from "@callwire/testkit";
import { mustHold, type FuzzSession, type FuzzTarget } from "@callwire/testkit/fuzz/fuzz-target";
import { frame } from "@callwire/testkit/wire";
import { createClient } from "../../client/create-client.js";
import type { Client } from "../../client/client-types.js";
import { createInProcessChannel } from "../../client/in-process-channel.js";
import { FRAME_SETTINGS } from "../../http2/constants.js";
import { createInProcessSocket } from "../../server/in-process-socket.js";
import { createServer } from "../../server/create-server.js";
import { collect } from "../outcomes.js";
import { frameWords, serverSeeds } from "./frame-seeds.js";
import { frames } from "./pieces.js";
import { cut } from "./settle.js";

/** A server says these bytes to a client with a call of each shape, and ends; a call on another channel goes on. */
export const clientFrames: FuzzTarget = {
  name: "client-frames",
  about: "the bytes of a server, into a client with a call of each shape",
  covers: ["/hpack/", "/http2/", "/grpc/", "/client/"],
  maxBytes: 4096,
  seeds: serverSeeds,
  dictionary: frameWords,
  pieces: frames,
  maxSteps: { base: 100_000, perByte: 2000 },
  open,
};

async function open(): Promise<FuzzSession> {
  const server = createServer();
  server.add(EchoServiceDefinition, echoService());
  const good = createInProcessChannel(server);
  const witness = createClient(EchoServiceDefinition, good);
  await witness.echoUnary({ text: "first" });
  return {
    async run(input) {
      const channel = createInProcessChannel(new FakeServer(input), {
        "grpc.initial_reconnect_backoff_ms": 10,
        "grpc.max_reconnect_backoff_ms": 10,
      });
      try {
        const outcomes = await Promise.allSettled(callEach(createClient(EchoServiceDefinition, channel)));
        for (const outcome of outcomes) {
          if (outcome.status === "rejected") mustBeClientError(outcome.reason);
        }
      } finally {
        channel.close();
      }
      const { text } = await witness.echoUnary({ text: "beside" });
      mustHold(text === "beside", "the call on another channel is not right");
    },
    close() {
      good.close();
      server.forceShutdown();
    },
  };
}

/** A call of each shape, to its end. */
function callEach(client: Client<typeof EchoServiceDefinition>): Promise<unknown>[] {
  const requests = async function* () {
    yield { text: "a" };
  };
  // Who reads metadata decodes it.
  const options = {
    onHeader: (header: Metadata) => void [...header],
    onTrailer: (trailer: Metadata) => void [...trailer],
  };
  return [
    client.echoUnary({ text: "a" }, options),
    collect(client.echoServerStream({ text: "a", count: 2 }, options)),
    client.echoClientStream(requests(), options),
    collect(client.echoBidiStream(requests(), options)),
  ];
}

function mustBeClientError(error: unknown): void {
  mustHold(error instanceof ClientError, `a call has failed with ${String(error)}`);
  mustHold(error.code in Status && error.code !== Status.OK, `a call has failed with the code ${error.code}`);
}

/** Says its bytes on the first connection, once the client has spoken. Later connections are refused. */
class FakeServer {
  readonly #input: Buffer;
  #connections = 0;

  constructor(input: Buffer) {
    this.#input = input;
  }

  connectInProcess(): Socket {
    const [near, far] = createInProcessSocket();
    near.on("error", () => {});
    if (this.#connections++ > 0) {
      near.destroy();
      return far.destroy(new Error("refused"));
    }
    const control = this.#input[0] ?? 0;
    // The calls of a client begin after the server's SETTINGS: without them the input meets none.
    if ((control & 1) === 0) near.write(frame(FRAME_SETTINGS, 0, 0));
    let reads = 0;
    near.on("data", () => {
      // The preface, then the calls.
      if (++reads === ((control & 1) === 0 ? 2 : 1)) {
        for (const part of cut(control, this.#input.subarray(1))) near.write(part);
        near.end();
      }
    });
    return far;
  }
}
