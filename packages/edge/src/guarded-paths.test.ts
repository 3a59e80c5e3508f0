import { once } from "node:events";
import { connect } from "node:net";
import { auth, forMethods } from "@callwire/server-kit";
import { expect, test } from "@jest/globals";
import { serveEdge } from "./testing/serve-edge.js";

const service = "callwire.edge.testing.v1.LibraryService";

/** Ways to write a path so that one part of a server takes it for a route, and another does not (CVE-2026-33186). */
function written(path: string): string[] {
  const at = path.indexOf("/", 1);
  const [first, rest] = [path.slice(0, at), path.slice(at + 1)];
  return [
    path,
    path.slice(1),
    `/${path}`,
    `${path}/`,
    `${first}//${rest}`,
    `/.${path}`,
    `/x/..${path}`,
    `/%2e%2e${path}`,
    `${path}?`,
    `${path}?x=1`,
    `${path}#x`,
    `${path};x=1`,
    path.toLowerCase(),
    path.toUpperCase(),
    `${first}%2F${rest}`,
    `/%${path.charCodeAt(1).toString(16)}${path.slice(2)}`,
    `${path}%00`,
    `${path}%20`,
    `${path}%3Fx`,
    `${first}\\${rest}`,
    `http://x${path}`,
    `http://x/${path}`,
  ];
}

test("no way to write the path of a route goes around the guard of its method", async () => {
  const guard = auth({ verify: () => undefined });
  await using served = await serveEdge({
    middleware: [forMethods([`${service}/GetBook`, `${service}/CreateBook`], guard)],
  });
  const statusOf = async (method: string, path: string, body: string): Promise<number> => {
    const socket = connect(served.port, "127.0.0.1");
    socket.on("error", () => {});
    let text = "";
    socket.setEncoding("latin1").on("data", (chunk: string) => (text += chunk));
    const fields = ["host: x", "connection: close", "content-type: application/json"];
    const length = body === "" ? [] : [`content-length: ${body.length}`];
    socket.write([`${method} ${path} HTTP/1.1`, ...fields, ...length, "", body].join("\r\n"), "latin1");
    await once(socket, "close");
    return Number(/^HTTP\/1\.1 (\d{3})/.exec(text)?.[1]);
  };
  for (const [method, path, body] of [
    ["GET", "/v1/books/1", ""],
    ["POST", "/v1/books", "{}"],
    ["POST", `/${service}/GetBook`, '{"id":"1"}'],
  ] as const) {
    expect([method, path, await statusOf(method, path, body)]).toEqual([method, path, 401]);
    const spelled = written(path);
    const statuses = await Promise.all(spelled.map((at) => statusOf(method, at, body)));
    // 401 is the guard's answer.
    const passed = spelled.filter((_, index) => ![301, 308, 400, 401, 404, 405].includes(statuses[index]!));
    expect(passed).toEqual([]);
  }
});
