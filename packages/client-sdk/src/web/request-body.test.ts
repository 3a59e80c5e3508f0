import { afterEach, expect, test } from "@jest/globals";
import { canStreamRequests } from "./request-body.js";

const { Request: own } = globalThis;
const navigator = Object.getOwnPropertyDescriptor(globalThis, "navigator");
afterEach(() => {
  globalThis.Request = own;
  if (navigator !== undefined) Object.defineProperty(globalThis, "navigator", navigator);
  else delete (globalThis as { navigator?: unknown }).navigator;
});

/** Nobody asks for `duplex`. */
class AsSafari extends own {
  constructor(url: string) {
    super(url, { method: "POST" });
  }
}

/** A stream becomes a text, and the text has a type. */
class AsFirefox extends own {
  constructor(url: string) {
    super(url, { method: "POST", body: "[object ReadableStream]" });
  }
}

test.each<[string, typeof Request, string, boolean]>([
  ["Node.js", own, "Node.js/24", true],
  ["Chromium", own, "Mozilla/5.0", true],
  ["Firefox", AsFirefox, "Mozilla/5.0", false],
  ["Safari", AsSafari, "Mozilla/5.0", false],
  ["Deno", AsSafari, "Deno/2.9.6", true],
  ["Bun", AsSafari, "Bun/1.4.5", true],
])("requests that stream in %s", (_, request, userAgent, can) => {
  globalThis.Request = request;
  Object.defineProperty(globalThis, "navigator", { value: { userAgent }, configurable: true });
  expect(canStreamRequests()).toBe(can);
});
