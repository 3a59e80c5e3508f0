// Puts users into a new database with the users service's own code: `seed.js <service's folder> <database> <count>`. A process
// of its own, so that the store is closed and its memory gone before anything is measured.
import { newUserAt, userId } from "../service/data.js";
import { openUsers } from "./service.js";

/** Users of one commit. */
const BATCH = 1000;

const [service = "", database = "", count = "0"] = process.argv.slice(2);
const total = Number(count);
let next = 0;
const users = await openUsers({ service, database, newId: () => userId(next++) });
for (let first = 0; first < total; first += BATCH) {
  const rows = Array.from({ length: Math.min(BATCH, total - first) }, (_, index) => ({
    ...newUserAt(first + index),
    requestId: "",
  }));
  for (const result of await users.directory.createMany(rows)) {
    if ("error" in result) throw result.error;
  }
}
await users.close();
