import createClient from "openapi-fetch";
import type { paths } from "./gen/users-api.js"; // made by openapi-typescript

/** Creates a user, changes it, looks for it, watches, and asks for one that there is not. */
export async function useUsers(baseUrl: string) {
  const users = createClient<paths, "application/json">({ baseUrl });

  const { data: ada } = await users.POST("/v1/users", {
    body: { name: "Ada Lovelace", email: "ada@example.com", department: "ENGINEERING" },
  });
  if (ada?.id === undefined) throw new Error("Ada was not created");
  const path = { id: ada.id };
  await users.PATCH("/v1/users/{id}", { params: { path, query: { updateMask: "age" } }, body: { age: 36 } });

  const filter = "age>30 AND department=ENGINEERING";
  const { data: page } = await users.GET("/v1/users", { params: { query: { pageSize: 10, filter } } });
  const { error } = await users.GET("/v1/users/{id}", { params: { path: { id: "nobody" } } });

  // A stream is text, a line for each message.
  const watching = new AbortController();
  const { data: events } = await users.GET("/v1/users:watch", {
    params: { query: { departments: ["SALES", "ENGINEERING"] } },
    parseAs: "stream",
    signal: watching.signal,
  });
  const { value: first } = await events!.pipeThrough(new TextDecoderStream()).getReader().read();
  watching.abort();

  const { data: deleted } = await users.DELETE("/v1/users/{id}", { params: { path } });
  return { ada, page, error, first, deleted };
}
