import { blob, checkUser, newUserAt, USER_COUNT, type ChatFields, type NewUser } from "../service/data.js";
import type { Job, JobResult, Operations } from "./job.js";
import { Meter } from "./meter.js";

/** Messages of one stream; then comes the next one. Few enough to end soon after the measurement, many enough that only messages count. */
const MESSAGES = 5000;
/** The same for messages of `size` bytes. */
const BLOBS = 50;

/** One stream after another, whose messages the meter is given. */
type Stream = (client: Operations, meter: Meter) => Promise<void>;

/** Runs streams of one kind, `inFlight` of them at any time. */
export async function measureStreams(job: Job, clients: readonly Operations[]): Promise<JobResult> {
  const stream = streamOf(job);
  const meter = new Meter();
  const workers = Array.from({ length: job.inFlight }, (_, worker) => async () => {
    while (!meter.done) await stream(clients[worker % clients.length]!, meter);
  });
  return meter.measure(job.warmupMs, job.measureMs, workers);
}

function streamOf({ kind, size }: Job): Stream {
  switch (kind) {
    case "server-stream":
      return readEvents;
    case "client-stream":
      return sendUsers;
    case "bidi":
      return chat;
    case "download":
      return async (client, meter) => {
        let received = 0;
        for await (const bytes of client.download!(size, BLOBS)) {
          received += bytes;
          meter.add(bytes);
        }
        if (received !== size * BLOBS) throw new Error(`${received} bytes have come`);
      };
    case "upload":
      return async (client, meter) => {
        const counted = await client.upload!(blob(size), BLOBS);
        if (counted !== size * BLOBS) throw new Error(`the server has counted ${counted} bytes`);
        meter.add(counted);
      };
    default:
      throw new Error(`not a stream: ${kind}`);
  }
}

async function readEvents(client: Operations, meter: Meter): Promise<void> {
  let index = 0;
  for await (const event of client.replay!(MESSAGES)) {
    const expected = index++ % USER_COUNT;
    if (Number(event.resumeToken) !== expected)
      throw new Error(`event ${event.resumeToken} came out of order`);
    if (expected === 1) checkUser(event.user!, 1);
    meter.add(1);
  }
  if (index !== MESSAGES) throw new Error(`${index} events have come`);
}

/** Rows are counted as they are taken from here; the answer, that all of them came. */
async function sendUsers(client: Operations, meter: Meter): Promise<void> {
  const created = await client.uploadUsers!(rows(meter));
  if (created !== MESSAGES) throw new Error(`${created} users were created`);
}

async function* rows(meter: Meter): AsyncGenerator<NewUser, void, undefined> {
  const user = newUserAt(1);
  for (let index = 0; index < MESSAGES; index++) {
    meter.add(1);
    yield user;
  }
}

/** Messages are counted as they come back. */
async function chat(client: Operations, meter: Meter): Promise<void> {
  let index = 0;
  for await (const { content, sender } of client.chat!(lines())) {
    if (sender !== "bench" || Number(content) !== index)
      throw new Error(`message ${content} came out of order`);
    index++;
    meter.add(1);
  }
  if (index !== MESSAGES) throw new Error(`${index} messages came back`);
}

async function* lines(): AsyncGenerator<ChatFields, void, undefined> {
  for (let index = 0; index < MESSAGES; index++) yield { sender: "bench", content: String(index) };
}
