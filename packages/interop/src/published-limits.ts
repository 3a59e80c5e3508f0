/** The cost limits of an install of a published package. The tests of this package check them. */
export interface PublishedLimits {
  /** The most packages that an install brings, the package itself included. */
  packages: number;
  /** The most bytes of all their files. */
  bytes: number;
  /**
   * The most CPU time that an import takes, as a part of what an import of nice-grpc takes in the same run. A third on a quiet
   * machine, up to 0.42 on one that does something else meanwhile: the limit catches a dependency that has come in, no more.
   */
  importOverNiceGrpc: number;
}

/**
 * The limits of `npm install @callwire/client-sdk`, and of @callwire/server-kit beside what its logger brings. For comparison:
 * nice-grpc brings 38 packages of 11 MB, Connect for Node.js 3 of 4.9 MB.
 */
export const publishedLimits: PublishedLimits = {
  packages: 6,
  bytes: 2_000_000,
  importOverNiceGrpc: 0.6,
};
