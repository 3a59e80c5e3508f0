// The registry that the tests of this suite install from.
import { fileURLToPath } from "node:url";
import { expect, test } from "@jest/globals";
import { URL_OF_THIS_RUN } from "./project.js";
import { publicPackages } from "./workspace.js";

const root = fileURLToPath(new URL("../../../..", import.meta.url));

async function latest(name: string): Promise<{ status: number; tarball: string | undefined }> {
  const answer = await fetch(`${process.env[URL_OF_THIS_RUN]}${name.replace("/", "%2f")}/latest`);
  const { dist } = (await answer.json()) as { dist?: { tarball: string } };
  return { status: answer.status, tarball: dist?.tarball };
}

test("it has every public package, and none that is private", async () => {
  const names = publicPackages(root);
  expect(names).toContain("create-callwire");
  for (const name of names) {
    const { status, tarball = "" } = await latest(name);
    expect({ name, status }).toEqual({ name, status: 200 });
    expect((await fetch(tarball)).status).toBe(200);
  }
  expect(await latest("@callwire/testkit")).toMatchObject({ status: 404 });
});

test("it gives other packages from npm's registry, by its own address", async () => {
  const { status, tarball } = await latest("nice-grpc-common");
  expect(status).toBe(200);
  expect(tarball).toMatch(/^http:\/\/127\.0\.0\.1:\d+\//);
});
