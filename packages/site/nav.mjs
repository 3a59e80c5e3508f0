// The pages of the site, in the order of the sidebar: sections of [title, file from the repository's root]. A file that is not
// there is left out. `checkNav` of gather.mjs holds that every page of docs/ is here.

export const sections = [
  {
    text: "Begin",
    pages: [
      ["Overview", "docs/index.md"],
      ["Install", "docs/installing.md"],
    ],
  },
  {
    text: "First hours",
    pages: [
      ["Call a service", "docs/first-hour-calling.md"],
      ["Serve a contract", "docs/first-hour-serving.md"],
      ["Own the CI", "docs/first-hour-ci.md"],
    ],
  },
  {
    text: "Guides",
    pages: [
      ["The four call shapes", "docs/guides/call-shapes.md"],
      ["Deadlines and retries", "docs/guides/deadlines-and-retries.md"],
      ["Cancelling", "docs/guides/cancelling.md"],
      ["Authentication", "docs/guides/authentication.md"],
      ["Errors with details", "docs/guides/error-details.md"],
      ["TLS and mutual TLS", "docs/guides/tls.md"],
      ["Addresses and connections", "docs/guides/connections.md"],
      ["Browsers", "docs/guides/browsers.md"],
      ["Streams that resume", "docs/guides/resuming.md"],
      ["Compression", "docs/guides/compression.md"],
      ["Logging", "docs/guides/logging.md"],
      ["Metrics and tracing", "docs/guides/metrics-and-tracing.md"],
      ["Health and reflection", "docs/guides/health-and-reflection.md"],
      ["Stopping", "docs/guides/stopping.md"],
      ["Tests", "docs/guides/testing.md"],
      ["Middleware", "docs/middleware.md"],
      ["REST at the edge", "docs/edge.md"],
      ["OpenAPI", "docs/openapi.md"],
      ["gRPC-Web and Connect", "docs/edge-rpc.md"],
      ["A gateway of its own", "docs/gateway.md"],
      ["Tools for models", "docs/mcp.md"],
      ["Behind proxies", "docs/proxies.md"],
    ],
  },
  {
    text: "Migrate",
    pages: [
      ["From nice-grpc", "docs/migrating/nice-grpc.md"],
      ["From grpc-js", "docs/migrating/grpc-js.md"],
      ["From Connect", "docs/migrating/connect-es.md"],
      ["Options of grpc-js", "docs/grpc-js-options.md"],
    ],
  },
  {
    text: "Reference",
    pages: [
      ["Limits and defaults", "docs/limits.md"],
      ["Errors", "docs/errors.md"],
      ["Channels", "docs/channels.md"],
      ["Versions", "docs/versions.md"],
      ["Versions of a contract", "docs/contract-versions.md"],
      ["A repository that pins", "examples/consumer-ci/README.md"],
      ["The orders service", "examples/orders/README.md"],
      ["@callwire/client-sdk", "packages/client-sdk/README.md"],
      ["@callwire/server-kit", "packages/server-kit/README.md"],
      ["@callwire/transport", "packages/transport/README.md"],
      ["@callwire/edge", "packages/edge/README.md"],
      ["protoc-gen-callwire", "packages/codegen/README.md"],
      ["@callwire/protobuf", "packages/protobuf/README.md"],
      ["@callwire/contracts", "gen/README.md"],
      ["create-callwire", "packages/create-callwire/README.md"],
    ],
  },
  {
    text: "The project",
    pages: [
      ["Architecture", "docs/architecture.md"],
      ["The transport", "docs/transport.md"],
      ["The users service", "docs/users-service.md"],
      ["Measurements", "docs/measurements.md"],
      ["How it measures", "packages/bench/README.md"],
      ["Contributing", "CONTRIBUTING.md"],
      ["Changes", "CHANGELOG.md"],
    ],
  },
];

/** The path of a page of the site, without an ending: "/" for the first one. */
export function sitePath(file) {
  if (file === "docs/index.md") return "/";
  const inDocs = /^docs\/(.*)\.md$/.exec(file)?.[1];
  if (inDocs !== undefined) return `/${inDocs}`;
  const readme = /^(?:packages\/)?([\w-]+)\/README\.md$/.exec(file)?.[1];
  if (readme !== undefined) return `/packages/${readme === "gen" ? "contracts" : readme}`;
  return `/${file.replace(/\.md$/, "").toLowerCase()}`;
}
