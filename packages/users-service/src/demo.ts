#!/usr/bin/env node
// Walks through every call of a running users service with the client SDK. `npm run demo -- --help` says what it takes.
import { randomUUID } from "node:crypto";
import { createUsersClient, CallError, Status, type UsersClient } from "@callwire/client-sdk/users";
import { Department, type ChatMessage, type CreateUserRequest } from "@callwire/contracts/users";
import { showRest } from "./demo-rest.js";
import { DemoSettingError, demoHelp, explain, readDemoSettings } from "./demo-settings.js";

/** Emails of this run end in this, so that the demo may be run again and again on one database. */
const domain = `${randomUUID().slice(0, 8)}.example.com`;

function title(text: string): void {
  console.log(`\n— ${text}`);
}

async function unary(users: UsersClient): Promise<void> {
  title("CreateUser, GetUser (unary)");
  const { id } = await users.createUser({
    name: "Alice Example",
    email: `alice@${domain}`,
    age: 30,
    department: Department.ENGINEERING,
    roles: ["admin"],
  });
  const alice = await users.getUser({ id });
  console.log(`${alice.name} <${alice.email}>, created ${alice.createdAt?.toISOString()}, id ${alice.id}`);

  title("What an error says");
  try {
    await users.createUser({ name: "", email: `ALICE@${domain}`, age: -1 });
  } catch (error) {
    if (!(error instanceof CallError)) throw error;
    console.log(Status[error.code]);
    for (const { field, description } of error.details.badRequest?.fieldViolations ?? []) {
      console.log(`  ${field}: ${description}`);
    }
  }
}

async function upload(users: UsersClient): Promise<void> {
  title("UploadUsers (client-streaming)");
  function* rows(): Generator<Partial<CreateUserRequest>> {
    for (let row = 0; row < 1000; row++) {
      const department = row % 2 === 0 ? Department.ENGINEERING : Department.SALES;
      yield { name: `Person ${row}`, email: `person${row}@${domain}`, age: 18 + (row % 50), department };
    }
    yield { name: "Alice again", email: `alice@${domain}` };
  }
  const { created, failed, errors } = await users.uploadUsers(rows());
  console.log(`${created} created, ${failed} failed:`);
  for (const { index, field, reason } of errors) console.log(`  row ${index}, ${field}: ${reason}`);
}

async function list(users: UsersClient): Promise<void> {
  title("ListUsers, all pages");
  const filter = `department=ENGINEERING AND age>60 AND email="*@${domain}"`;
  let count = 0;
  for await (const { name, age } of users.list({ filter, orderBy: "age desc, name", pageSize: 10 })) {
    if (count++ < 3) console.log(`  ${name}, ${age}`);
  }
  console.log(`  … ${count} in all, for ${filter}`);
}

async function watch(users: UsersClient): Promise<void> {
  title("WatchUsers (server-streaming), beside UpdateUser and DeleteUser");
  const bob = await users.createUser({ name: "Bob Example", email: `bob@${domain}`, age: 41 });
  for await (const { eventType, user } of users.watchUsers({}, { heartbeats: true })) {
    if (eventType === "heartbeat") {
      // The first one confirms the position: what changes from now on will be seen.
      const updated = await users.updateUser({ user: { id: bob.id, age: 42 }, updateMask: ["age"] });
      await users.deleteUser({ id: bob.id, etag: updated.etag });
    } else if (user?.id === bob.id) {
      console.log(`  ${eventType}: ${user.name}, ${user.age}`);
      if (eventType === "deleted") break;
    }
  }
}

async function chat(users: UsersClient): Promise<void> {
  title("Chat (bidirectional streaming)");
  const room = domain;
  function* lines(): Generator<Partial<ChatMessage>> {
    for (const content of ["Hello!", "Is anybody here?", "I'll be going, then."])
      yield { sender: "Alice", content, room };
  }
  for await (const { sender, content, sentAt } of users.chat(lines())) {
    console.log(`  ${sentAt?.toISOString()} ${sender}: ${content}`);
  }
}

try {
  const settings = readDemoSettings(process.argv.slice(2), process.env);
  if (settings === "help") process.stdout.write(demoHelp);
  else {
    await using users = createUsersClient(settings);
    for (const part of [unary, upload, list, watch, chat]) await part(users);
    title("REST and JSON, on the same port");
    const [user] = (await users.listUsers({ pageSize: 1 })).users;
    await showRest(settings, user!.id);
  }
} catch (error) {
  if (error instanceof CallError) console.error(`demo: ${explain(error, process.argv.slice(2))}`);
  else if (error instanceof DemoSettingError || error instanceof TypeError)
    console.error(`demo: ${error.message}`);
  else throw error;
  process.exitCode = 1;
}
