import { checkOptions, rules, type RulesOf } from "@callwire/transport/client";

/** Bounds on what a tool answers with. `Infinity` is none. */
export interface McpLimits {
  /** The messages of a stream that are in one result. Over it: the result says that there may be more. Default: 100. */
  maxMessages: number;
  /**
   * The JSON of a result, in bytes. Over it: a stream's list ends there, and one response is refused. Default: 1 MiB, which
   * is far beyond what a model reads.
   */
  maxResultBytes: number;
  /** The time that a stream is listened to, in milliseconds. Over it: the result has what came until then. Default: 10,000. */
  streamTimeoutMs: number;
}

/** The limits, where options state no others. */
export const defaultMcpLimits: McpLimits = {
  maxMessages: 100,
  maxResultBytes: 1024 * 1024,
  streamTimeoutMs: 10_000,
};

/** A method that becomes a tool. */
export interface McpTool {
  /** The method, as `users.UserService/GetUser`. */
  readonly method: string;
  /** The tool's name: letters, digits, `_`, `-` and `.`, at most 128. Default: the method's own, `GetUser`. */
  readonly name?: string;
  /** What the tool is for, to the model. Default: the method's comment in the contract, or else its name. */
  readonly description?: string;
}

/** Options for `mcp`. */
export interface McpOptions {
  /** The methods that become tools. No other one can be called. A text is a method with all defaults. */
  readonly tools: readonly (string | McpTool)[];
  /**
   * A serialized google.protobuf.FileDescriptorSet of the contract, with its comments: by the options `descriptors=true` and
   * `descriptor_comments=true` of protoc-gen-callwire, or by `buf build -o`.
   */
  readonly descriptors: Uint8Array;
  /** The path. Default: `/mcp`. */
  readonly path?: string;
  /** The server's name, as clients show it. Default: that of the first tool's service. */
  readonly name?: string;
  /** The server's version. Default: `0.0.0`. */
  readonly version?: string;
  /** What the tools are for together, to the model. Default: nothing is said. */
  readonly instructions?: string;
  /** Default: {@link defaultMcpLimits}. */
  readonly limits?: Partial<McpLimits>;
}

/** Tools of the Model Context Protocol, for `createEdge({ mcp })`. */
export interface Mcp {
  /** Where they are served. */
  readonly path: string;
}

const limitRules: RulesOf<McpLimits> = {
  maxMessages: rules.wholeNumber({ min: 1 }),
  maxResultBytes: rules.wholeNumber({ min: 1 }),
  streamTimeoutMs: rules.positiveMilliseconds,
};

const TOOL_NAME = /^[\w.-]{1,128}$/;

const toolRules: RulesOf<McpTool> = {
  method: rules.required(rules.nonEmptyText),
  name: rules.rule(
    "a name of letters, digits, '_', '-' and '.', at most 128",
    (value) => typeof value === "string" && TOOL_NAME.test(value),
  ),
  description: rules.nonEmptyText,
};

const optionRules: RulesOf<McpOptions> = {
  tools: rules.required(rules.rule("an array of methods, at least one", isNonEmptyArray)),
  descriptors: rules.required(rules.rule("a Uint8Array", (value) => value instanceof Uint8Array)),
  path: rules.nonEmptyText,
  name: rules.nonEmptyText,
  version: rules.nonEmptyText,
  instructions: rules.nonEmptyText,
  limits: rules.options(limitRules),
};

function isNonEmptyArray(value: unknown): boolean {
  return Array.isArray(value) && value.length > 0;
}

/** Options that were checked, each tool in its long form. @throws {TypeError | RangeError} that names what is wrong. */
export function checkMcpOptions(options: McpOptions): readonly McpTool[] {
  checkOptions("mcp", options, optionRules);
  return options.tools.map((given) => {
    const tool = typeof given === "string" ? { method: given } : given;
    checkOptions("mcp: tools", tool, toolRules);
    return tool;
  });
}
