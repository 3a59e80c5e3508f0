/** The settings of the product's client beside the job. */
export interface ProductArgument {
  /** The SDK's module that has the users client. */
  sdk: string;
  /** The SDK's `runtime` option: an export of a module, or the module itself. Default: none, the SDK's default. */
  runtime?: { module: string; name?: string };
  /** True if an upload must be given all the time it takes: before issue 14 it ended after 30 s by default. */
  unlimitedUpload: boolean;
}
