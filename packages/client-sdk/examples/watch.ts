import { createUsersClient } from "@callwire/client-sdk/users";

const users = createUsersClient({ address: process.env["USERS_ADDRESS"] ?? "127.0.0.1:50051" });

let resumeToken = ""; // Or the last one that an earlier run has kept.
const onResume = ({ error }: { error: Error }) => console.log(`lost the connection: ${error.message}`);
for await (const event of users.watchUsers({ departments: ["SALES"], resumeToken }, { onResume })) {
  console.log(`${event.eventType} ${event.user?.name}`);
  resumeToken = event.resumeToken;
  if (event.eventType === "deleted") break;
}

users.close();
