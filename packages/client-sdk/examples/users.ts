import { CallError, createUsersClient, Department, Status } from "@callwire/client-sdk/users";

const users = createUsersClient({ address: process.env["USERS_ADDRESS"] ?? "127.0.0.1:50051" });

const ada = await users.createUser({
  name: "Ada Lovelace",
  // Emails are unique: each run has one of its own.
  email: `ada-${Date.now()}@example.com`,
  department: Department.ENGINEERING,
});
console.log(`created ${ada.name}`);

for await (const user of users.list({ filter: "department=ENGINEERING" })) console.log(`found ${user.name}`);

try {
  await users.getUser({ id: "nobody" }, { timeoutMs: 2_000 });
} catch (error) {
  if (!(error instanceof CallError) || error.code !== Status.NOT_FOUND) throw error;
  console.log(`no such user: ${error.details.resourceInfo?.resourceName}`);
}

users.close();
