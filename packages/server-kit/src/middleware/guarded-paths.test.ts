import { once } from "node:events";
import { connect, type ClientHttp2Session, type IncomingHttpHeaders } from "node:http2";
import { lengthPrefixed } from "@callwire/testkit/wire";
import { describe, expect, test } from "@jest/globals";
import { Status } from "nice-grpc-common";
import { startEcho } from "../test-room/echo-server.js";
import { runtimes } from "../test-room/runtimes.js";
import { auth } from "./auth.js";
import { except, forMethods, type MethodMatch } from "./for-methods.js";

const service = "callwire.echo.v1.EchoService";
const path = `/${service}/EchoUnary`;

/** Ways to write the path of a method so that one part of a server takes it for the method, and another does not (CVE-2026-33186). */
const written: readonly string[] = [
  path.slice(1),
  `/${path}`,
  `${path}/`,
  `/${service}//EchoUnary`,
  `/.${path}`,
  `/x/..${path}`,
  `${path}?`,
  `${path}?x=1`,
  `${path}#x`,
  `${path};x=1`,
  path.toLowerCase(),
  path.toUpperCase(),
  `/${service}%2FEchoUnary`,
  `/%63${path.slice(2)}`,
  `${path}%00`,
  `${path}%20`,
  `/${service}\\EchoUnary`,
  `\\${path.slice(1)}`,
  `http://localhost${path}`,
  `/${service}.EchoUnary`,
  `/${service}`,
  "/",
  "*",
];

/** Calls by hand; returns the status, or undefined if the server has no answer to such a path. */
async function call(session: ClientHttp2Session, at: string, headers = {}): Promise<string | undefined> {
  const stream = session.request({
    ":method": "POST",
    ":path": at,
    "content-type": "application/grpc",
    te: "trailers",
    ...headers,
  });
  let status: string | undefined;
  const note = ({ "grpc-status": sent }: IncomingHttpHeaders): void => {
    if (sent !== undefined) status = String(sent);
  };
  stream
    .on("response", note)
    .on("trailers", note)
    .on("error", () => {});
  stream.resume();
  stream.end(lengthPrefixed(Buffer.alloc(0)));
  if (!stream.closed) await once(stream, "close").catch(() => {});
  return status;
}

describe.each(runtimes)("over %s", (_name, runtime) => {
  test.each<[string, MethodMatch]>([
    ["is named", `${service}/EchoUnary`],
    ["is meant by its service", `${service}/*`],
    ["is one of all but others", except([`${service}/EchoServerStream`])],
    ["is meant by a function", (method) => method.path === path],
  ])("no way to write the path of a method that %s goes around its guard", async (_how, match) => {
    let ran = 0;
    await using echo = await startEcho(
      {
        runtime,
        middleware: [forMethods(match, auth({ verify: () => undefined }))],
      },
      {
        async echoUnary() {
          ran++;
          return {};
        },
      },
    );
    const session = connect(`http://${echo.address}`);
    session.on("error", () => {});
    expect(await call(session, path)).toBe(String(Status.UNAUTHENTICATED));
    for (const at of written) {
      const status = await call(session, at);
      expect([at, [String(Status.UNIMPLEMENTED), undefined].includes(status)]).toEqual([at, true]);
    }
    // The path alone says which method it is.
    const headers = { "x-http-method-override": "GET", "x-original-url": "/", "x-rewrite-url": "/" };
    expect(await call(session, path, headers)).toBe(String(Status.UNAUTHENTICATED));
    expect(ran).toBe(0);
    session.destroy();
  });
});
