import { afterEach, beforeEach, describe, expect, jest, test } from "@jest/globals";
import { channelSettings, type ChannelOptions } from "./channel-options.js";
import { isExempt } from "./no-proxy.js";
import { environmentProxy, parseProxy } from "./proxy.js";
import { parseTarget, throughProxy } from "./target.js";

const timeoutMs = 10_000;
const basic = (text: string): string => `Basic ${Buffer.from(text).toString("base64")}`;

describe("the URL of a proxy", () => {
  test.each([
    ["http://proxy:3128", "proxy", 3128, undefined],
    ["http://proxy", "proxy", 80, undefined],
    ["proxy:3128", "proxy", 3128, undefined],
    ["http://[::1]:3128/", "::1", 3128, undefined],
    ["http://user:pass@proxy:1", "proxy", 1, basic("user:pass")],
    ["http://user@proxy:1", "proxy", 1, basic("user:")],
    ["http://us%40er:p%3Ass%20w@proxy:1", "proxy", 1, basic("us@er:p:ss w")],
    ["http://%C3%BC:%C3%9F@proxy:1", "proxy", 1, basic("ü:ß")],
  ])("%s", (url, host, port, authorization) => {
    expect(parseProxy(url, "proxy", timeoutMs)).toEqual({ host, port, authorization, timeoutMs });
  });

  test.each([
    "http://",
    "http://user:secret@proxy:port",
    "socks5://user:secret@proxy:1",
    "http://a:%E0secret@b",
  ])("%s is refused by name, and not repeated", (url) => {
    let message = "";
    try {
      channelSettings({ proxy: url });
    } catch (error) {
      expect(error).toBeInstanceOf(TypeError);
      ({ message } = error as Error);
    }
    expect(message).toMatch(/^proxy (is not the URL of a proxy|has the scheme socks5:)/);
    expect(message).not.toContain("secret");
  });

  test("anything but a string or false is refused", () => {
    expect(() => channelSettings({ proxy: true as unknown as string })).toThrow(
      "it must be a URL like 'http://proxy:3128', or false",
    );
    expect(() => channelSettings({ proxyTimeoutMs: -1 })).toThrow("proxyTimeoutMs is -1");
  });
});

describe("the environment", () => {
  const chosen = (env: NodeJS.ProcessEnv, host = "users", port = 443): string | undefined => {
    const proxy = environmentProxy(env, timeoutMs)(host, port);
    return proxy && `${proxy.host}:${proxy.port}`;
  };

  test("grpc_proxy comes before https_proxy before http_proxy, and each before its upper case", () => {
    const env: NodeJS.ProcessEnv = {
      HTTP_PROXY: "http://f:1",
      http_proxy: "http://e:1",
      HTTPS_PROXY: "http://d:1",
      https_proxy: "http://c:1",
      GRPC_PROXY: "http://b:1",
      grpc_proxy: "http://a:1",
    };
    for (const expected of ["a:1", "b:1", "c:1", "d:1", "e:1", "f:1"]) {
      expect(chosen(env)).toBe(expected);
      delete env[Object.keys(env).at(-1)!];
    }
    expect(chosen(env)).toBeUndefined();
  });

  test("an empty variable is not set", () => {
    expect(chosen({ grpc_proxy: "", http_proxy: " http://b:1 " })).toBe("b:1");
  });

  test("no_grpc_proxy comes before no_proxy", () => {
    const env = { http_proxy: "http://a:1", no_grpc_proxy: "other", no_proxy: "users" };
    expect(chosen(env)).toBe("a:1");
    expect(chosen({ ...env, no_grpc_proxy: "" })).toBeUndefined();
    expect(chosen({ HTTP_PROXY: "http://a:1", NO_GRPC_PROXY: "users" })).toBeUndefined();
    expect(chosen({ HTTP_PROXY: "http://a:1", NO_PROXY: "users" })).toBeUndefined();
  });

  test("HTTP_PROXY is what a client says in a CGI program", () => {
    expect(chosen({ HTTP_PROXY: "http://a:1", REQUEST_METHOD: "GET" })).toBeUndefined();
    expect(chosen({ http_proxy: "http://a:1", REQUEST_METHOD: "GET" })).toBe("a:1");
  });

  test("a proxy that cannot be used is warned of, without its password", () => {
    const warn = jest.spyOn(process, "emitWarning").mockImplementation(() => {});
    expect(chosen({ https_proxy: "socks5://user:secret@a:1" })).toBeUndefined();
    expect(warn).toHaveBeenCalledTimes(1);
    const [message, options] = warn.mock.calls[0]!;
    expect(message).toContain("https_proxy has the scheme socks5:");
    expect(message).not.toContain("secret");
    expect(options).toEqual({ code: "CALLWIRE_UNUSED_PROXY" });
    warn.mockRestore();
  });

  describe("in a channel's options", () => {
    const before = process.env["grpc_proxy"];
    beforeEach(() => {
      process.env["grpc_proxy"] = "http://a:1";
    });
    afterEach(() => {
      if (before === undefined) delete process.env["grpc_proxy"];
      else process.env["grpc_proxy"] = before;
    });

    test.each<[ChannelOptions, string | undefined]>([
      [{}, "a"],
      [{ "grpc.enable_http_proxy": 1 }, "a"],
      [{ "grpc.enable_http_proxy": 0 }, undefined],
      [{ proxy: false }, undefined],
      [{ proxy: "http://b:2" }, "b"],
      [{ proxy: "http://b:2", "grpc.enable_http_proxy": 0 }, "b"],
    ])("%j", (options, host) => {
      expect(channelSettings(options).proxyFor("users", 443)?.host).toBe(host);
    });

    test("the time for an answer", () => {
      expect(channelSettings({}).proxyFor("users", 443)?.timeoutMs).toBe(10_000);
      expect(channelSettings({ proxyTimeoutMs: 5 }).proxyFor("users", 443)?.timeoutMs).toBe(5);
    });
  });
});

describe("no_proxy", () => {
  test.each([
    // A domain and its subdomains.
    ["example.com", "example.com"],
    ["example.com", "a.b.EXAMPLE.com"],
    [".example.com", "a.example.com"],
    [".example.com", "example.com"],
    ["*.example.com", "a.example.com"],
    ["example.com", "example.com."],
    ["localhost,example.com", "example.com"],
    [" localhost , example.com ", "example.com"],
    ["*", "example.com"],
    ["*", "10.0.0.1"],
    // Addresses and blocks of them.
    ["10.0.0.1", "10.0.0.1"],
    ["10.0.0.0/8", "10.200.3.4"],
    ["192.168.1.5/24", "192.168.1.200"],
    ["0.0.0.0/0", "1.2.3.4"],
    ["::1", "::1"],
    ["[::1]", "::1"],
    ["fd00::/8", "fd12:3456::1"],
    ["0:0:0:0:0:0:0:1", "::1"],
    // For one port.
    ["example.com:443", "example.com"],
    ["10.0.0.1:443", "10.0.0.1"],
    ["[::1]:443", "::1"],
  ])("%s covers %s", (list, host) => {
    expect(isExempt(host, 443, list)).toBe(true);
  });

  test.each([
    ["", "example.com"],
    [",", "example.com"],
    ["localhost,", "example.com"],
    ["ample.com", "example.com"],
    ["a.example.com", "example.com"],
    [".", "example.com"],
    ["10.0.0.0/8", "11.0.0.1"],
    ["10.0.0.0/8", "10.example.com"],
    ["10.0.0.0/33", "10.0.0.1"],
    ["0.0.0.1", "10.0.0.1"],
    ["fd00::/8", "fe00::1"],
    ["fd00::/8", "10.0.0.1"],
    ["::/129", "::1"],
    ["example.com:80", "example.com"],
    ["[::1]:80", "::1"],
  ])("%j does not cover %s", (list, host) => {
    expect(isExempt(host, 443, list)).toBe(false);
  });
});

describe("a target through a proxy", () => {
  const proxy = parseProxy("http://proxy:3128", "proxy", timeoutMs);
  const through = (address: string, choose = (_host: string) => true) =>
    throughProxy(parseTarget(address, false), (host) => (choose(host) ? proxy : undefined)).addresses;

  test("a name is left to the proxy", () => {
    expect(through("users:50051")).toEqual([{ host: "users", port: 50051, proxy }]);
    expect(through("dns:///users")).toEqual([{ host: "users", port: 443, proxy }]);
  });

  test("a name that needs no proxy is resolved here", () => {
    expect(through("users:50051", () => false)).toBeUndefined();
  });

  test("each address is asked for", () => {
    expect(through("ipv4:127.0.0.1:1,127.0.0.2:2", (host) => host === "127.0.0.2")).toEqual([
      { host: "127.0.0.1", port: 1 },
      { host: "127.0.0.2", port: 2, proxy },
    ]);
    expect(through("[::1]:5")).toEqual([{ host: "::1", port: 5, proxy }]);
  });

  test("unix sockets, and names of schemes that nobody knows, have none", () => {
    expect(through("unix:/run/s")).toEqual([{ path: "/run/s" }]);
    expect(through("consul://users:1")).toBeUndefined();
  });
});
