import { mkdirSync } from "node:fs";
import { join } from "node:path";
import { importCosts, installApart, installedWith } from "./cost.js";
import { markdownTable } from "./docs-tables.js";

/** What somebody installs for a task, and imports to begin with. */
export interface Product {
  name: string;
  dependencies: Record<string, string>;
  /** The module that is imported. */
  module: string;
}

/** Ours, and what others install for the same tasks: calling and serving a contract with code made for it. */
export const products: readonly Product[] = [
  { name: "client SDK", dependencies: { "@callwire/client-sdk": "*" }, module: "@callwire/client-sdk" },
  {
    name: "server kit, with its logger pino",
    dependencies: { "@callwire/server-kit": "*" },
    module: "@callwire/server-kit",
  },
  { name: "nice-grpc, no logger", dependencies: { "nice-grpc": "2.1.18" }, module: "nice-grpc" },
  {
    name: "connect, no logger",
    dependencies: {
      "@bufbuild/protobuf": "2.17.0",
      "@connectrpc/connect": "2.3.0",
      "@connectrpc/connect-node": "2.3.0",
    },
    module: "@connectrpc/connect-node",
  },
  {
    name: "NestJS microservices, with its logger",
    dependencies: {
      "@grpc/grpc-js": "1.14.7",
      "@grpc/proto-loader": "0.8.1",
      "@nestjs/common": "12.1.1",
      "@nestjs/core": "12.1.1",
      "@nestjs/microservices": "12.1.1",
      "reflect-metadata": "0.2.2",
      rxjs: "7.8.2",
    },
    module: "@nestjs/microservices",
  },
];

/** What an install of a product costs. */
export interface ProductCost {
  product: Product;
  packages: number;
  bytes: number;
  /** The CPU time of its import, in microseconds. */
  importMicros: number;
}

/** Installs each product in a project of its own, and measures it. */
export async function measureProducts(folder: string, registry: string): Promise<ProductCost[]> {
  const projects: { product: Product; path: string }[] = [];
  for (const product of products) {
    const path = join(folder, String(projects.length));
    mkdirSync(path);
    await installApart(path, product.dependencies, { registry });
    projects.push({ product, path });
  }
  const imports = projects.map(({ product, path }) => ({ specifier: product.module, folder: path }));
  const costs = await importCosts(imports, 11);
  return projects.map(({ product, path }) => {
    const sizes = installedWith(path, ...Object.keys(product.dependencies));
    const bytes = Array.from(sizes.values()).reduce((sum, size) => sum + size, 0);
    return { product, packages: sizes.size, bytes, importMicros: costs.get(product.module) ?? 0 };
  });
}

/** The table of {@link measureProducts}. */
export function costsTable(costs: readonly ProductCost[]): string {
  const rows = costs.map(({ product, packages, bytes, importMicros }) => [
    product.name,
    String(packages),
    (bytes / 1e6).toFixed(1),
    (importMicros / 1000).toFixed(0),
  ]);
  return markdownTable(["what is installed", "packages", "MB", "CPU time of the import, ms"], rows);
}
