// Loads a gRPC server with GetUser calls that are all different: `load <port> <connections> <streams each>`. For each line on
// its input, a number of milliseconds, it makes calls for so long, lets them end, and prints `{"answered":…}`. It ends with an
// error if an answer is not as long as the one of its user, or the server refuses anything.
import { createInterface } from "node:readline";
import { LoadConnection } from "./connection.js";

const [port = 0, count = 1, streams = 1] = process.argv.slice(2).map(Number);
const connections = await Promise.all(
  Array.from({ length: count }, (_, index) => LoadConnection.open(port, streams, index)),
);

for await (const line of createInterface({ input: process.stdin })) {
  const answered = connections.map((connection) => connection.run(Number(line)));
  const counts = await Promise.all(answered);
  const total = counts.reduce((sum, one) => sum + one, 0);
  process.stdout.write(`${JSON.stringify({ answered: total })}\n`);
}
process.exit(0);
