import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { testCertificates } from "@callwire/testkit";

/** Paths of what TLS needs, in PEM, made for one run. */
export interface Certificates extends Disposable {
  ca: string;
  tls: { key: string; cert: string };
}

export async function makeCertificates(): Promise<Certificates> {
  const { ca, server } = await testCertificates();
  const folder = mkdtempSync(join(tmpdir(), "callwire-bench-tls-"));
  const write = (name: string, text: string): string => {
    const path = join(folder, name);
    writeFileSync(path, text);
    return path;
  };
  return {
    ca: write("ca.pem", ca),
    tls: { key: write("key.pem", server.key), cert: write("cert.pem", server.cert) },
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}
