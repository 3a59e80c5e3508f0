import { createServer } from "@callwire/server-kit";
import { createChannel } from "@callwire/transport";
import { expect, test } from "@jest/globals";
import { FileDescriptorSet } from "../descriptors/gen/google/protobuf/descriptor.js";
import { descriptorSet } from "../testing/gen/descriptor-set.js";
import { ProbeServiceDefinition } from "../testing/gen/callwire/edge/testing/v1/probe_service.js";
import { probeService } from "../testing/probe-service.js";
import { reflect } from "./reflection.js";

test("a server may not describe itself by more files, or bytes, than the limits allow", async () => {
  const server = createServer({ middleware: [], reflection: descriptorSet });
  server.add(ProbeServiceDefinition, probeService());
  const channel = createChannel(`127.0.0.1:${await server.listen("127.0.0.1:0")}`);
  try {
    const { descriptorSet: bytes } = await reflect(channel, []);
    const maxFiles = FileDescriptorSet.decode(bytes).file.length;
    const { services } = await reflect(channel, [], { maxFiles, maxBytes: Infinity });
    expect(services).toContain(ProbeServiceDefinition.fullName);
    for (const limits of [
      { maxFiles: maxFiles - 1, maxBytes: Infinity },
      { maxFiles: Infinity, maxBytes: 1000 },
    ])
      await expect(reflect(channel, [], limits)).rejects.toThrow(
        `the server's reflection has more than ${limits.maxFiles} files, or ${limits.maxBytes} bytes: give its contract by --descriptors`,
      );
  } finally {
    channel.close();
    server.forceShutdown();
  }
});
