/** The cost limits of an install of a published package. The tests of this package check them. */
export interface PublishedLimits {
  /** The most packages that an install brings, the package itself included. */
  packages: number;
  /** The most bytes of all their files. */
  bytes: number;
  /** What the install has anyway and is not counted: a dependency of the package. Default: nothing. */
  beside?: string;
  /** The modules whose import is measured. The rest of a package is for other tools. */
  imports: readonly string[];
}

/**
 * The most CPU time that an import takes, as a part of what an import of nice-grpc takes in the same run. That of SDK and kit is about
 * 0.4 on a quiet machine, which is the goal, that of the edge, which has the kit in it, 0.53, and up to half as much again on one that
 * does something else meanwhile: the limit catches a dependency that has come in, or a file for each module.
 */
export const IMPORT_OVER_NICE_GRPC = 0.8;

/** The limits of `npm install <name>`, for each package that is published to be installed: create-callwire is run, and has no dependency. */
export const publishedLimits: Readonly<Record<string, PublishedLimits>> = {
  "@callwire/client-sdk": {
    packages: 6,
    bytes: 2_000_000,
    imports: ["@callwire/client-sdk", "@callwire/client-sdk/users"],
  },
  "@callwire/server-kit": {
    packages: 6,
    bytes: 1_920_000,
    beside: "pino",
    imports: ["@callwire/server-kit"],
  },
  // The gateway reads descriptors: their messages have 130 KB.
  "@callwire/edge": { packages: 7, bytes: 2_560_000, beside: "pino", imports: ["@callwire/edge"] },
  "@callwire/contracts": { packages: 5, bytes: 1_590_000, imports: ["@callwire/contracts/users"] },
  "@callwire/transport": { packages: 4, bytes: 1_365_000, imports: ["@callwire/transport"] },
  "@callwire/protobuf": { packages: 1, bytes: 335_000, imports: ["@callwire/protobuf"] },
  // A tool of development: the formatter's binaries for seven platforms have 24 MB.
  "@callwire/protoc-gen-callwire": { packages: 8, bytes: 29_000_000, imports: [] },
};

/** The most bytes of a page's script, minified by esbuild. */
export interface BundleLimits {
  gzipBytes: number;
  brotliBytes: number;
}

/**
 * The limits of a bundle of the client for browsers with either protocol, the code of one message and its service, which is
 * `web/one-message.ts`: with esbuild's own conditions, and with `production`, which Vite and webpack give to a build for users.
 */
export const webClientLimits: Readonly<Record<"default" | "production", BundleLimits>> = {
  default: { gzipBytes: 12_200, brotliBytes: 11_100 },
  // 10 KB of 1,024 bytes.
  production: { gzipBytes: 10_240, brotliBytes: 9_350 },
};
