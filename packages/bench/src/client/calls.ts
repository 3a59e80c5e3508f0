import { performance } from "node:perf_hooks";
import { blob, checkUser, newUserAt, USER_COUNT, userId, type NewUser } from "../service/data.js";
import type { Job, JobResult, Operations } from "./job.js";
import { Meter } from "./meter.js";

/** One call, the `index`th of all, whose answer is checked. */
type Call = (operations: Operations, index: number) => Promise<void>;

/** The users that are asked for: the first ten, as their messages have all the same size. */
const ASKED_FOR = 10;
const ids = Array.from({ length: ASKED_FOR }, (_, index) => userId(index));
const newUsers = Array.from({ length: ASKED_FOR }, (_, index) => newUserAt(index));

/** Makes calls of one kind, `inFlight` of them at any time. */
export async function measureCalls(job: Job, clients: readonly Operations[]): Promise<JobResult> {
  const call = callOf(job);
  const meter = new Meter();
  const workers = Array.from({ length: job.inFlight }, (_, worker) => async () => {
    const client = clients[worker % clients.length]!;
    for (let index = worker; !meter.done; index++) {
      const began = performance.now();
      await call(client, index);
      meter.addCall(began);
    }
  });
  return meter.measure(job.warmupMs, job.measureMs, workers);
}

function callOf({ kind, size }: Job): Call {
  switch (kind) {
    case "get":
      return async (client, index) => {
        const which = index % ASKED_FOR;
        checkUser(await client.getUser!(ids[which]!), which);
      };
    case "create":
      return async (client, index) => {
        const wanted: NewUser = newUsers[index % ASKED_FOR]!;
        const user = await client.createUser!(wanted);
        if (user.name !== wanted.name || user.email !== wanted.email || user.id.length !== 36) {
          throw new Error(`wrong answer: ${JSON.stringify(user)}`);
        }
      };
    case "list":
      return async (client) => {
        const users = await client.listUsers!(size);
        if (users.length !== Math.min(size, USER_COUNT)) throw new Error(`a page of ${users.length} users`);
        checkUser(users[0]!, 0);
        checkUser(users[users.length - 1]!, users.length - 1);
      };
    case "exchange": {
      const data = blob(size);
      return async (client) => {
        const answer = await client.exchange!(data);
        if (answer.length !== size || answer[size - 1] !== data[size - 1]) {
          throw new Error(`wrong answer of ${answer.length} bytes`);
        }
      };
    }
    default:
      throw new Error(`not a unary call: ${kind}`);
  }
}
