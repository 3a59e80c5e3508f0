import { readFileSync } from "node:fs";

/** The variable that names a file of root certificates, in PEM, for clients of gRPC. */
const ROOTS_FILE_VARIABLE = "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH";

/**
 * Whom to trust if nobody says: the certificates in the file that `GRPC_DEFAULT_SSL_ROOTS_FILE_PATH` names, as in every gRPC.
 * Undefined if it is not set: then Node.js's own, which are the roots that come with it and those in NODE_EXTRA_CA_CERTS, or the
 * system's with `--use-system-ca` or `--use-openssl-ca`.
 *
 * @throws {Error} if the file cannot be read, or has no certificate: it would have nobody trusted.
 */
export function defaultRoots(env: NodeJS.ProcessEnv): Buffer | undefined {
  const path = env[ROOTS_FILE_VARIABLE];
  if (path === undefined || path === "") return undefined;
  let pem: Buffer;
  try {
    pem = readFileSync(path);
  } catch (error) {
    const why = (error as Error).message;
    throw new Error(`the file that ${ROOTS_FILE_VARIABLE} names cannot be read: ${why}`, { cause: error });
  }
  if (!/-----BEGIN (X509 |TRUSTED )?CERTIFICATE-----/.test(pem.toString("latin1"))) {
    throw new Error(`the file that ${ROOTS_FILE_VARIABLE} names has no certificate in PEM: ${path}`);
  }
  return pem;
}
