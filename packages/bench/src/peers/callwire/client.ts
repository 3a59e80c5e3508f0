// With the argument `metadata`, each call has a request id, a token and a time-out as metadata, as the product's calls do.
import { randomUUID } from "node:crypto";
import { createChannel, createClient, ChannelCredentials, Metadata } from "@callwire/transport";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { forEachConnection } from "../../client/job.js";
import { run } from "../../client/run.js";
import { TOKEN } from "../../full/settings.js";
import { BlobServiceDefinition } from "../../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { operations } from "../generated-clients.js";

const TIMEOUT_MS = 30_000;
const withMetadata = process.argv[3] === "metadata";
const authorization = `Bearer ${TOKEN}`;

await run(({ port, ca, connections }) =>
  forEachConnection(connections, () => {
    // A channel has connections of its own.
    const channel = createChannel(`127.0.0.1:${port}`, ca && ChannelCredentials.createSsl(ca));
    const users = createClient(UserServiceDefinition, channel);
    const plain = operations(users, createClient(BlobServiceDefinition, channel));
    if (!withMetadata) return plain;
    const getUser = (id: string) =>
      users.getUser(
        { id },
        {
          metadata: Metadata({ "x-request-id": randomUUID(), authorization }),
          timeoutMs: TIMEOUT_MS,
        },
      );
    return { ...plain, getUser };
  }),
);
