import { createChannel, createClient, ChannelCredentials } from "nice-grpc";
import { UserServiceDefinition } from "@callwire/contracts/users";
import { forEachConnection } from "../../client/job.js";
import { run } from "../../client/run.js";
import { BlobServiceDefinition } from "../../gen/ts-proto/callwire/bench/v1/blob_service.js";
import { operations } from "../generated-clients.js";

await run(({ port, ca, connections }) =>
  forEachConnection(connections, () => {
    const channel = createChannel(`127.0.0.1:${port}`, ca && ChannelCredentials.createSsl(ca), {
      // Channels to one address share a connection unless told otherwise.
      "grpc.use_local_subchannel_pool": 1,
    });
    return operations(
      createClient(UserServiceDefinition, channel),
      createClient(BlobServiceDefinition, channel),
    );
  }),
);
