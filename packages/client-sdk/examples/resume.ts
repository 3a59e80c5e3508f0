import { UserServiceDefinition } from "@callwire/contracts/users";
import { createClient, resumable } from "@callwire/client-sdk";

const client = createClient(UserServiceDefinition, {
  address: process.env["USERS_ADDRESS"] ?? "127.0.0.1:50051",
});

const events = resumable(
  (resumeToken = "", options) => client.watchUsers({ departments: ["SALES"], resumeToken }, options),
  { tokenOf: (event) => event.resumeToken, stallTimeoutMs: 60_000 },
);
for await (const { eventType } of events) {
  console.log(`resumable: ${eventType}`);
  if (eventType === "deleted") break;
}

client.close();
