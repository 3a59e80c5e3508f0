import { performance } from "node:perf_hooks";
import { blob, checkUser, newUserAt, USER_COUNT, userId, type NewUser } from "../service/data.js";
import { spread } from "../service/spread.js";
import type { Job, JobResult, Operations } from "./job.js";
import { Meter } from "./meter.js";

/** One call, the `index`th of all, whose answer is checked. */
type Call = (operations: Operations, index: number) => Promise<void>;

/** The users that are asked for unless the job says more. */
const ASKED_FOR = 10;

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

function callOf({ kind, size, users = ASKED_FOR, keeps }: Job): Call {
  switch (kind) {
    case "get": {
      const ids = Array.from({ length: users }, (_, index) => userId(index));
      return async (client, index) => {
        const which = spread(index, users);
        checkUser(await client.getUser!(ids[which]!), which);
      };
    }
    case "create": {
      const wanted = newUsers(keeps);
      return async (client) => {
        const asked = wanted();
        const user = await client.createUser!(asked);
        if (user.name !== asked.name || user.email !== asked.email || user.id.length !== 36) {
          throw new Error(`wrong answer: ${JSON.stringify(user)}`);
        }
      };
    }
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

/** Users to create: ten in turn, or where they are kept each another one, after those that are there. */
export function newUsers(keeps: number | undefined): () => NewUser {
  if (keeps !== undefined) return () => newUserAt(keeps + reserve(1));
  const few = Array.from({ length: ASKED_FOR }, (_, index) => newUserAt(index));
  let next = 0;
  return () => few[next++ % ASKED_FOR]!;
}

/** The number of users that this process has had created and kept. */
let created = 0;

/** Takes so many users that no other job of this process creates; returns the first, counted from those that are kept. */
export function reserve(count: number): number {
  const first = created;
  created += count;
  return first;
}
