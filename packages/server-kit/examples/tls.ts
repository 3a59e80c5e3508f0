import { readFileSync } from "node:fs";
import { createServer, tlsCredentials } from "@callwire/server-kit";

const { TLS_CERT = "cert.pem", TLS_KEY = "key.pem", CLIENT_CA = "ca.pem" } = process.env;
const server = createServer();
const credentials = tlsCredentials({
  cert: readFileSync(TLS_CERT),
  key: readFileSync(TLS_KEY),
  clientCa: readFileSync(CLIENT_CA),
});
await server.listen("0.0.0.0:50051", credentials);
