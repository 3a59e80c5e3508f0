import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { runWell } from "../run.js";
import type { Registry } from "./registry.js";
import type { PublishedPackage } from "./rehearse.js";

/** Where the packages of a release are for everybody else. */
const PUBLIC_REGISTRY = "https://registry.npmjs.org/";

/**
 * Installs all packages of a release, by npm alone, and imports and requires one.
 *
 * @param folder An empty folder.
 * @returns The bill of materials of what was installed: CycloneDX, as npm writes it.
 */
export async function installRelease(
  registry: Registry,
  packages: readonly PublishedPackage[],
  folder: string,
): Promise<string> {
  const version = packages[0]?.version ?? "";
  writeFileSync(
    join(folder, "package.json"),
    JSON.stringify({ name: "callwire", version, license: "Apache-2.0" }),
  );
  const options = { cwd: folder, env: registry.env };
  const wanted = packages.map((each) => `${each.name}@${each.version}`);
  await runWell("npm", ["install", "--no-audit", "--no-fund", "--ignore-scripts", ...wanted], options);
  for (const program of ["import('@callwire/client-sdk')", "require('@callwire/client-sdk')"]) {
    await runWell(process.execPath, ["--eval", program], options);
  }
  const bill = await runWell("npm", ["sbom", "--sbom-format", "cyclonedx"], options);
  const { components } = JSON.parse(bill) as { components: readonly { purl: string }[] };
  for (const each of wanted) {
    const purl = `pkg:npm/${each.replace(/^@/, "%40")}`;
    if (!components.some((component) => component.purl === purl))
      throw new Error(`${each} is missing from the bill of materials`);
  }
  return bill.replaceAll(registry.url, PUBLIC_REGISTRY);
}
