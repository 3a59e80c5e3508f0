import { createClient, type ContractMismatch } from "@callwire/client-sdk";
import { niceGrpc as clientNiceGrpc } from "@callwire/client-sdk/nice-grpc";
import { createServer, errorBoundary, requestId } from "@callwire/server-kit";
import { niceGrpc as serverNiceGrpc } from "@callwire/server-kit/nice-grpc";
import { echoService, EchoServiceDefinition } from "@callwire/testkit";
import { clientRuntime, serverRuntime } from "@callwire/transport";
import { describe, expect, test } from "@jest/globals";

declare const runtimeName: "nice-grpc" | "transport";

const runtime = runtimeName === "nice-grpc" ? clientNiceGrpc : clientRuntime;
const of = (contract: string) => ({ ...EchoServiceDefinition, contract });
const logger = { error() {}, warn() {} };

// The SDK over this run's runtime, and the kit over each.
describe.each([
  ["transport", serverRuntime],
  ["nice-grpc", serverNiceGrpc],
] as const)(`a client over ${runtimeName} and a server over %s`, (_name, overServer) => {
  test.each([
    ["1.4.0+aa", "1.5.0+bb", undefined],
    ["1.4.0+aa", "1.3.0+bb", "server-older"],
    ["1.4.0+aa", "2.0.0+bb", "incompatible"],
    ["1.4.0+aa", "1.4.0+bb", "same-version"],
  ] as const)("of contracts %s and %s: %s", async (ours, theirs, reason) => {
    const middleware = [requestId(), errorBoundary({ logger })] as const;
    const server = createServer({ runtime: overServer, middleware }).add(of(theirs), echoService());
    const address = `127.0.0.1:${await server.listen("127.0.0.1:0")}`;
    const told: ContractMismatch[] = [];
    const contractMismatch = (mismatch: ContractMismatch) => void told.push(mismatch);
    try {
      await using tolerant = createClient(of(ours), { address, runtime, contractMismatch });
      for (const text of ["a", "b"]) expect(await tolerant.echoUnary({ text })).toEqual({ text });
      expect(told.map((mismatch) => mismatch.reason)).toEqual(reason === undefined ? [] : [reason]);

      await using strict = createClient(of(ours), { address, runtime, contractMismatch: "refuse" });
      const call = strict.echoUnary({ text: "a" });
      if (reason === undefined) await expect(call).resolves.toEqual({ text: "a" });
      else await expect(call).rejects.toMatchObject({ contractMismatch: { server: theirs, reason } });
    } finally {
      server.forceShutdown();
    }
  });
});
