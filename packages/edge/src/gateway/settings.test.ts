import { expect, test } from "@jest/globals";
import { helpText, readSettings } from "./settings.js";

const target = ["--target", "127.0.0.1:50051"];

test("the command line's defaults, and every option", () => {
  expect(readSettings(target)).toEqual({
    target: "127.0.0.1:50051",
    descriptors: undefined,
    services: [],
    host: "127.0.0.1",
    port: 8080,
    hosts: ["localhost", "127.0.0.1", "[::1]"],
    tls: undefined,
    corsOrigins: [],
    requestMetadata: [],
    responseMetadata: [],
    mcpTools: [],
    json: {
      originalNames: false,
      alwaysEmitImplicit: false,
      enumsAsIntegers: false,
      ignoreUnknownFields: false,
    },
    updateMaskFromBody: false,
    logLevel: "info",
    shutdownTimeoutMs: 10_000,
  });
  const others =
    "--service=a.B --service c.D --listen [::1]:0 --tls --cors-origin https://a.example --request-metadata x-tenant " +
    "--response-metadata x-cost --mcp-tool a.B/C --original-names --always-emit-implicit --enums-as-integers --ignore-unknown-fields " +
    "--update-mask-from-body --log-level silent --shutdown-timeout-ms 0";
  expect(readSettings([...target, ...others.split(" ")])).toMatchObject({
    services: ["a.B", "c.D"],
    host: "::1",
    port: 0,
    tls: { ca: undefined },
    corsOrigins: ["https://a.example"],
    requestMetadata: ["x-tenant"],
    responseMetadata: ["x-cost"],
    mcpTools: ["a.B/C"],
    json: {
      originalNames: true,
      alwaysEmitImplicit: true,
      enumsAsIntegers: true,
      ignoreUnknownFields: true,
    },
    updateMaskFromBody: true,
    logLevel: "silent",
    shutdownTimeoutMs: 0,
  });
  expect(readSettings(["--help"])).toBe("help");
  expect(readSettings(["--version"])).toBe("version");
  expect(helpText()).toContain("--listen <host:port>\n        where HTTP is served");
});

test.each([
  ["--listen localhost:1", ["localhost", "127.0.0.1", "[::1]"]],
  ["--listen [::1]:1", ["localhost", "127.0.0.1", "[::1]"]],
  ["--listen ::1:1", ["localhost", "127.0.0.1", "[::1]"]],
  ["--listen 127.0.0.9:1", ["localhost", "127.0.0.1", "[::1]", "127.0.0.9"]],
  ["--listen 127.evil.example:1", undefined],
  ["--listen 0.0.0.0:1", undefined],
  ["--allow-host any", undefined],
  ["--allow-host a.example --allow-host=b.example", ["a.example", "b.example"]],
  ["--listen 0.0.0.0:1 --allow-host a.example", ["a.example"]],
])("%s answers to %j", (args, hosts) => {
  expect(readSettings([...target, ...args.split(" ")])).toMatchObject({ hosts });
});

test.each<[string, string]>([
  ["", "--target is missing: the address of the gRPC server, as in --target 127.0.0.1:50051"],
  ["--tagret a:1", "there is no option '--tagret'; did you mean '--target'?"],
  ["--target", "--target needs a value: <host:port>"],
  ["--target --tls", "--target needs a value: <host:port>"],
  ["--target a:1 --target b:1", "--target is given twice"],
  ["--target a:1 --tls=yes", "--tls takes no value"],
  ["a:1", "'a:1' is no option: they are given as '--name value'"],
  ["--target a:1 --listen 8080", "--listen: '8080' is not of the form host:port, as 127.0.0.1:8080 is"],
  ["--target grpc://a:1", "--target: 'grpc://a:1' has a scheme that is not known; did you mean 'a:1'?"],
  [
    "--target a:1 --log-level inf",
    "--log-level: 'inf' is none of trace, debug, info, warn, error, fatal, silent; did you mean 'info'?",
  ],
  [
    "--target a:1 --shutdown-timeout-ms 1s",
    "--shutdown-timeout-ms: '1s' is not a whole number from 0 to 3600000",
  ],
  ["--target a:1 --tls-cert package.json", "--tls-key is required beside --tls-cert"],
  ["--target a:1 --tls-key package.json", "--tls-cert is required beside --tls-key"],
  [
    "--target a:1 --descriptors no/such",
    "--descriptors: cannot be read: ENOENT: no such file or directory, open 'no/such'",
  ],
])("names what is wrong with '%s'", (args, message) => {
  expect(() => readSettings(args.split(" ").filter((arg) => arg !== ""))).toThrow(message);
});
