import { once } from "node:events";
import { afterAll, beforeAll, beforeEach, describe, expect, test } from "@jest/globals";
import { status, type ServiceError } from "@grpc/grpc-js";
import { load } from "@grpc/proto-loader";
import {
  grpcJsClient,
  unary,
  type ChatMessage,
  type GrpcJsClient,
  type UploadSummary,
} from "./grpc-js-client.js";
import { seedFile, seedFolder } from "./seed-contract.js";
import { startUsersService, type UsersServiceProcess } from "./users-service-process.js";

let service: UsersServiceProcess;
let client: GrpcJsClient;
/** Emails of a test end in this, so that a filter finds what the test made. */
let domain: string;
let tests = 0;

beforeAll(async () => {
  service = await startUsersService();
  const contract = await load(seedFile, {
    includeDirs: [seedFolder],
    keepCase: true,
    longs: String,
    enums: String,
    defaults: true,
  });
  client = grpcJsClient(contract, service.address);
});

afterAll(async () => {
  client.close();
  await service[Symbol.asyncDispose]();
});

beforeEach(() => {
  domain = `test${tests++}.example.com`;
});

async function create(name: string, fields: object = {}) {
  const user = await unary(client, client.createUser, { name, email: `${name}@${domain}`, ...fields });
  if (!user) throw new Error("no answer");
  return user;
}

describe("a grpc-js client that loads the seed's contract at run time", () => {
  test("creates and gets a user", async () => {
    const created = await create("Zoë", { age: 30, department: "ENGINEERING" });
    expect(created).toMatchObject({
      id: expect.stringMatching(/^[\da-f-]{36}$/),
      name: "Zoë",
      email: `Zoë@${domain}`,
      age: 30,
      department: "ENGINEERING",
      roles: [],
    });
    const ageMs = Date.now() - Number(created.created_at?.seconds) * 1000;
    expect(Math.abs(ageMs)).toBeLessThan(60_000);
    expect(await unary(client, client.getUser, { id: created.id })).toEqual(created);
  });

  test("lists by filter, page by page", async () => {
    for (let number = 0; number < 5; number++) {
      await create(`User${number}`, { age: 20 + number, department: "SALES" });
    }
    await create("Other", { age: 24, department: "PRODUCT" });
    const filter = `department=SALES AND age>20 AND email="*@${domain}"`;
    const pages: string[][] = [];
    let token = "";
    do {
      const page = await unary(client, client.listUsers, { page_size: 3, page_token: token, filter });
      if (!page) throw new Error("no answer");
      expect(page.total_count).toBe(4);
      pages.push(page.users.map(({ name }) => name));
      token = page.next_page_token;
    } while (token !== "");
    expect(pages).toEqual([["User1", "User2", "User3"], ["User4"]]);
  });

  test("watches", async () => {
    const events = client.watchUsers({ departments: ["MARKETING"] });
    const [first] = await once(events, "data", { signal: AbortSignal.timeout(10_000) });
    expect(first).toMatchObject({ event_type: "heartbeat", user: { name: "system" } });
    const next = once(events, "data");
    await create("Elsewhere", { department: "SALES" });
    const user = await create("Here", { department: "MARKETING" });
    expect(await next).toEqual([{ event_type: "created", user }]);
    const ended = once(events, "error");
    events.cancel();
    expect(await ended).toMatchObject([{ code: status.CANCELLED }]);
  });

  test("uploads", async () => {
    const summary = await new Promise<UploadSummary | undefined>((resolve, reject) => {
      const rows = client.uploadUsers((error, value) => (error ? reject(error) : resolve(value)));
      for (let row = 0; row < 1200; row++) rows.write({ name: `Row ${row}`, email: `row${row}@${domain}` });
      rows.write({ name: "Again", email: `ROW0@${domain}` });
      rows.end({ name: "", email: "nobody" });
    });
    expect(summary).toEqual({ created: 1200, failed: 2 });
    const page = await unary(client, client.listUsers, { filter: `email="*@${domain}"`, page_size: 1 });
    expect(page?.total_count).toBe(1200);
  });

  test("chats", async () => {
    const heard: Record<string, ChatMessage[]> = { Ann: [], Bea: [] };
    const calls = await Promise.all(
      Object.entries(heard).map(async ([name, lines]) => {
        const call = client.chat();
        call.on("data", (line: ChatMessage) => lines.push(line));
        // The header says that it has joined: what others say from now on, it hears.
        await once(call, "metadata");
        return { name, call };
      }),
    );
    for (const { name, call } of calls) {
      for (let line = 0; line < 50; line++) call.write({ sender: name, content: String(line) });
    }
    // Whoever finishes leaves: only when both have heard all is there no more to be missed.
    while (Object.values(heard).some((lines) => lines.length < 100)) {
      await Promise.race(calls.map(({ call }) => once(call, "data")));
    }
    await Promise.all(
      calls.map(({ call }) => {
        const ended = once(call, "end");
        call.end();
        return ended;
      }),
    );
    expect(heard["Ann"]).toEqual(heard["Bea"]);
    for (const name of ["Ann", "Bea"]) {
      const own = heard["Ann"]?.filter(({ sender }) => sender === name);
      expect(own?.map(({ content }) => content)).toEqual(
        Array.from({ length: 50 }, (_, line) => String(line)),
      );
    }
  });

  test.each([
    [
      "an unknown id",
      () => unary(client, client.getUser, { id: "nobody" }),
      "NOT_FOUND",
      'There is no user "nobody"',
    ],
    [
      "an empty name",
      () => create(""),
      "INVALID_ARGUMENT",
      "name is required; email is not an address of the form local@domain",
    ],
    [
      "an email that is taken",
      () => create("Ann").then(() => create("ANN")),
      "ALREADY_EXISTS",
      /^The email "ANN@.*" is taken$/,
    ],
  ] as const)("sees what is wrong: %s", async (_name, call, code, details) => {
    const error: ServiceError = await call().then(
      () => Promise.reject(new Error("it succeeded")),
      (error: ServiceError) => error,
    );
    expect(status[error.code]).toBe(code);
    expect(error.details).toMatch(details);
    expect(error.metadata.get("grpc-status-details-bin")).toEqual([expect.any(Buffer)]);
  });
});
