// Creates users with the users service's store and nothing around it: `store-alone.js <service's folder> <database> <first>
// <count> <batch>`; prints `{"rate":…}`, the rows a second. The rows are those of the work `upload-rows`.
import { performance } from "node:perf_hooks";
import { newUserAt, type NewUser } from "../service/data.js";
import { openUsers } from "./service.js";

const [service = "", database = "", ...numbers] = process.argv.slice(2);
const [first = 0, count = 0, batch = 1] = numbers.map(Number);
const users = await openUsers({ service, database });

async function create(from: number, total: number): Promise<void> {
  for (let index = from; index < from + total; index += batch) {
    const length = Math.min(batch, from + total - index);
    const rows = Array.from({ length }, (_, offset): NewUser => ({
      ...newUserAt(index + offset),
      requestId: "",
    }));
    for (const result of await users.directory.createMany(rows)) {
      if ("error" in result) throw result.error;
    }
  }
}

const warmUpRows = 5000;
await create(first, warmUpRows);
const began = performance.now();
await create(first + warmUpRows, count);
const seconds = (performance.now() - began) / 1000;
await users.close();
process.stdout.write(`${JSON.stringify({ rate: count / seconds })}\n`);
