import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { afterAll, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { recognizedOptions } from "@grpc/grpc-js/build/src/channel-options.js";
import { channelSettings, type ChannelOptions } from "../client/channel-options.js";
import { createServer } from "../server/create-server.js";
import type { ServerOptions } from "../server/server-options.js";
import { GRPC_JS_OPTIONS, usedNames } from "./grpc-js-options.js";
import { didYouMean } from "./nearest-name.js";

const warn = jest.spyOn(process, "emitWarning");
beforeEach(() => {
  warn.mockReset().mockImplementation(() => {});
});
afterAll(() => warn.mockRestore());
/** The warnings of a test. Each name is warned of once in a process: no two tests here share one. */
const warnings = () => warn.mock.calls.map(([message, options]) => [String(message), options]);
const code = { code: "CALLWIRE_UNUSED_OPTION" };

describe("an option of grpc-js without meaning", () => {
  test("is warned of once, with what to use instead", () => {
    for (let i = 0; i < 2; i++) channelSettings({ "grpc.enable_retries": 1, "grpc.retry_buffer_size": 1 });
    expect(warnings()).toEqual([
      [
        "the option grpc.enable_retries of a channel has no effect in @callwire/transport: retries are middleware: `retry` of client-sdk",
        code,
      ],
      [
        "the option grpc.retry_buffer_size of a channel has no effect in @callwire/transport: retries are middleware: `retry` of client-sdk",
        code,
      ],
    ]);
  });

  test("of a server too", () => {
    createServer({ "grpc-node.max_session_memory": 1 } as ServerOptions);
    expect(warnings()).toEqual([[expect.stringContaining("servers have `http2.maxUnreadBytes`"), code]]);
  });

  test("of the other side too", () => {
    channelSettings({ "grpc.max_connection_age_ms": 1 });
    createServer({ "grpc.service_config": "{}" } as ServerOptions);
    expect(warnings().map(([message]) => message)).toEqual([
      "the option grpc.max_connection_age_ms of a channel has no effect in @callwire/transport",
      "the option grpc.service_config of a server has no effect in @callwire/transport",
    ]);
  });

  test("and one of C-core", () => {
    channelSettings({ "grpc.http2.max_pings_without_data": 0 });
    expect(warnings()).toEqual([[expect.stringContaining("grpc.http2.max_pings_without_data"), code]]);
  });

  test("and what a service config says of methods", () => {
    channelSettings({ "grpc.service_config": JSON.stringify({ methodConfig: [], loadBalancingConfig: [] }) });
    expect(warnings()).toEqual([
      [expect.stringMatching(/^the option methodConfig of grpc.service_config/), code],
    ]);
  });

  test("is no matter where it asks for what happens anyway, or is undefined", () => {
    channelSettings({
      "grpc.enable_channelz": 0,
      "grpc.use_local_subchannel_pool": 1,
      "grpc.service_config_disable_resolution": 1,
      "grpc.lb.ring_hash.ring_size_cap": undefined,
    });
    expect(warnings()).toEqual([]);
  });

  test("options that count are not warned of", () => {
    const value = (name: string): unknown =>
      /override|agent|authority/.test(name) ? "a" : name === "grpc.service_config" ? "{}" : 2;
    channelSettings(Object.fromEntries(usedNames("channel").map((name) => [name, value(name)])));
    createServer(Object.fromEntries(usedNames("server").map((name) => [name, 2])));
    expect(warnings()).toEqual([]);
  });
});

describe("a name that is misspelt is refused, with the right one", () => {
  test.each<[object, string]>([
    [
      { "grpc.keepalive_time": 1 },
      "a channel has no option 'grpc.keepalive_time'; did you mean 'grpc.keepalive_time_ms'?",
    ],
    [{ "grpc.max_recieve_message_length": 1 }, "; did you mean 'grpc.max_receive_message_length'?"],
    [{ "grpc-max_send_message_length": 1 }, "; did you mean 'grpc.max_send_message_length'?"],
    [{ maxConnection: 1 }, "a channel has no option 'maxConnection'; did you mean 'maxConnections'?"],
    [{ maxReceiveMessageBytes: 1 }, "; did you mean 'grpc.max_receive_message_length'?"],
    [{ prxy: false }, "; did you mean 'proxy'?"],
    [{ somethingElse: 1 }, "a channel has no option 'somethingElse'"],
    [{ __proto__: null, constructor: 1 }, "a channel has no option 'constructor'"],
  ])("%j", (options, message) => {
    expect(() => channelSettings(options as ChannelOptions)).toThrow(message);
    expect(() => channelSettings(options as ChannelOptions)).toThrow(TypeError);
  });

  test.each<[object, string]>([
    [
      { "grpc.max_concurent_streams": 1 },
      "a server has no option 'grpc.max_concurent_streams'; did you mean 'grpc.max_concurrent_streams'?",
    ],
    [{ limit: {} }, "a server has no option 'limit'; did you mean 'limits'?"],
    [
      { limits: { keepAliveTime: 1 } },
      "createServer has no option 'limits.keepAliveTime'; did you mean 'limits.keepaliveTimeMs'?",
    ],
    [
      { http2: { maxQueueBytes: 1 } },
      "createServer has no option 'http2.maxQueueBytes'; did you mean 'http2.maxQueuedBytes'?",
    ],
    [
      { "grpc.default_compression_algorithm": 1 },
      "grpc.default_compression_algorithm is 1: it must be 0 or 2",
    ],
  ])("%j of a server", (options, message) => {
    expect(() => createServer(options as ServerOptions)).toThrow(message);
  });

  test("the nearest name is taken, if it is near enough", () => {
    expect(didYouMean("abcd", ["abcx", "abcde", "abxx"])).toBe("; did you mean 'abcx'?");
    expect(didYouMean("abc", ["xyz"])).toBe("");
    expect(didYouMean("a", ["b"])).toBe("");
  });
});

describe("the table", () => {
  test("has every option of grpc-js", () => {
    const require = createRequire(import.meta.url);
    const types = require.resolve("@grpc/grpc-js/build/src/channel-options.js").replace(/js$/, "d.ts");
    const typed = Array.from(
      readFileSync(types, "utf8").matchAll(/^ {4}'(grpc[^']+)'\?:/gm),
      ([, name]) => name!,
    );
    expect(typed.length).toBeGreaterThan(30);
    const named = [...Object.keys(recognizedOptions), ...typed];
    expect(named.filter((name) => !Object.hasOwn(GRPC_JS_OPTIONS, name))).toEqual([]);
  });

  test("is the one of the documentation", () => {
    const page = readFileSync(new URL("../../../../docs/grpc-js-options.md", import.meta.url), "utf8");
    const rows = page
      .split("\n")
      .filter((line) => /^\| `(grpc[.-]|\w+`)/.test(line) && line.split("|").length === 6);
    const cells = rows.map((row) =>
      row
        .split("|")
        .slice(1, -1)
        .map((cell) => cell.trim()),
    );
    expect(cells).toEqual(
      Object.entries(GRPC_JS_OPTIONS).map(([name, { channel, server, note }]) => [
        `\`${name}\``,
        channel,
        server,
        note,
      ]),
    );
  });
});
