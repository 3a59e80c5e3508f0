import type { PackageManager } from "../registry/project.js";

/** A project of a stranger that uses our packages, and one way to run it. */
export interface Consumer {
  /** What it is, as the table in the docs names it. */
  name: string;
  /** The folder of `packages/interop/consumers` that has it. */
  folder: string;
  /** A folder of `packages/interop` that is copied into it as `src`. Default: none. */
  sources?: string;
  /** The script of its package.json that serves and calls. */
  script: string;
  /** Versions of packages in place of those that its package.json names. */
  versions?: Record<string, string>;
  /** Default: npm. */
  manager?: PackageManager;
  /** The version of Node.js that runs it. Default: the one that runs this. */
  node?: string;
  /** The setting without which it does not work. Default: it needs none. */
  setting?: string;
  /** True if `npm test` tries it too: it takes a second or two. Default: false. */
  isQuick?: boolean;
}

/** The versions of Node.js that are supported, and the oldest of them to the digit. */
export const NODES = ["20.19.0", "20.20.2", "22.23.3", "24.21.0", "26.10.0"] as const;
const OLDEST_WITH_VITEST = "22.23.3";
const TYPESCRIPTS = ["5.4.5", "5.9.3", "6.0.3", "7.0.2"] as const;

const modules = (manager: PackageManager, name: string, isQuick = false): Consumer[] => [
  { name: `import, installed by ${name}`, folder: "node", script: "esm", manager, isQuick },
  { name: `require, installed by ${name}`, folder: "node", script: "cjs", manager, isQuick },
];

const overNodes: Consumer[] = NODES.flatMap((node) => [
  { name: `Node.js ${node}, import`, folder: "node", script: "esm", node },
  { name: `Node.js ${node}, require`, folder: "node", script: "cjs", node },
]);

const overTypeScripts: Consumer[] = TYPESCRIPTS.flatMap((typescript) => {
  const versions = { typescript };
  const compile = (settings: string, script: string, isQuick = false): Consumer => ({
    name: `TypeScript ${typescript}, ${settings}`,
    folder: "typescript",
    script,
    versions,
    manager: "pnpm",
    isQuick,
  });
  return [
    compile("`node16`, import and require", "node16", typescript === TYPESCRIPTS[0]),
    compile("`nodenext`, import and require", "nodenext"),
    compile("`bundler`", "bundler"),
    {
      ...compile("generated code", "service"),
      folder: "generated",
      sources: "own-service/src",
    },
  ];
});

const jestOver = (node: string): Consumer => ({
  name: `Jest, its default configuration, Node.js ${node}`,
  folder: "jest-default",
  script: "test",
  manager: "pnpm",
  node,
});

const BANNER =
  "`--banner:js=\"import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);\"`";

/** All that is tried. */
export const consumers: readonly Consumer[] = [
  ...modules("npm", "npm", true),
  ...modules("pnpm", "pnpm"),
  ...modules("yarn-1", "Yarn 1"),
  ...modules("yarn", "Yarn 4, Plug'n'Play").map((consumer) => ({
    ...consumer,
    setting: "`npmPreapprovedPackages`, for a release of the last days",
  })),
  ...overNodes,
  ...overTypeScripts,
  { name: "tsx, import", folder: "tsx", script: "esm" },
  { name: "tsx, require", folder: "tsx", script: "cjs" },
  {
    name: "Jest, its default configuration",
    folder: "jest-default",
    script: "test",
    manager: "pnpm",
  },
  ...["22.23.3", "24.21.0", "26.10.0"].map(jestOver),
  {
    name: "Jest, ES modules",
    folder: "jest-esm",
    script: "test",
    setting: "`node --experimental-vm-modules`, which Jest asks for",
  },
  { name: "ts-jest", folder: "ts-jest", script: "test", setting: "`module`: `nodenext` or `node16`" },
  { name: "Vitest", folder: "vitest", script: "test", node: OLDEST_WITH_VITEST },
  { name: "esbuild, ESM, the client SDK", folder: "bundlers", script: "esbuild:esm-client" },
  { name: "esbuild, ESM, the server kit", folder: "bundlers", script: "esbuild:esm", setting: BANNER },
  { name: "esbuild, CommonJS", folder: "bundlers", script: "esbuild:cjs" },
  { name: "webpack", folder: "bundlers", script: "webpack" },
  { name: "Next.js, a route handler", folder: "next", script: "route" },
];
