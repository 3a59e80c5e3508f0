import { describe, expect, test } from "@jest/globals";

import type { ChatDraft, ChatLine, ChatParticipant } from "./chat-participant.js";
import { ChatRooms } from "./chat-rooms.js";
import { InvalidFields, ParticipantTooSlow } from "./errors.js";

function say(content: string, room = ""): ChatDraft {
  return { sender: "ann", content, room };
}

async function rest(participant: ChatParticipant): Promise<string[]> {
  const contents: string[] = [];
  for await (const { content } of participant.lines()) {
    contents.push(content);
  }
  return contents;
}

async function next(lines: AsyncGenerator<ChatLine, void>): Promise<string | undefined> {
  const { value } = await lines.next();
  return value?.content;
}

describe("a room", () => {
  test("hears each line once, the same object in the same order for all, the sender too", async () => {
    const rooms = new ChatRooms({ clock: () => 1_700_000_000_000, newId: () => "id-1" });
    const [one, other] = [rooms.join(), rooms.join()];
    one.send(say("a"));
    other.send(say("b"));
    one.send(say("c"));
    const [ofOne, ofOther] = [one.lines(), other.lines()];
    for (const content of ["a", "b", "c"]) {
      const [heard, alsoHeard] = [await ofOne.next(), await ofOther.next()];
      const expected = { ...say(content), id: "id-1", sentAt: new Date(1_700_000_000_000) };
      expect(heard.value).toEqual(expected);
      expect(alsoHeard.value).toBe(heard.value);
    }
  });

  test("is heard by nobody in another one", async () => {
    const rooms = new ChatRooms();
    const [inLobby, inTea] = [rooms.join(), rooms.join()];
    inTea.send(say("tea", "tea"));
    inLobby.send(say("hello"));
    inTea.finish();
    inLobby.finish();
    expect(await rest(inTea)).toEqual(["tea"]);
    expect(await rest(inLobby)).toEqual(["hello"]);
  });

  test("is entered by sending to it; the lobby is kept if the first line was for it", async () => {
    const rooms = new ChatRooms();
    const [mover, speaker] = [rooms.join(), rooms.join()];
    mover.send(say("in the lobby"));
    mover.send(say("in tea", "tea"));
    speaker.send(say("lobby again"));
    mover.send(say("bye", "tea"));
    mover.finish();
    expect(await rest(mover)).toEqual(["in the lobby", "in tea", "lobby again", "bye"]);
  });

  test("exists as long as someone is in it", async () => {
    const rooms = new ChatRooms();
    const abort = new AbortController();
    const [one, other] = [rooms.join(), rooms.join(abort.signal)];
    one.send(say("x", "tea"));
    other.send(say("x", "cake"));
    expect(rooms.size).toBe(2);
    one.finish();
    expect(rooms.size).toBe(1);
    abort.abort();
    expect(rooms.size).toBe(0);
  });
});

describe("a participant that finishes", () => {
  test("hears everything up to its own last line, then the end", async () => {
    const rooms = new ChatRooms();
    const [one, other] = [rooms.join(), rooms.join()];
    other.send(say("1"));
    one.send(say("2"));
    other.send(say("3"));
    one.finish();
    other.send(say("4"));
    expect(await rest(one)).toEqual(["1", "2"]);
    expect(() => one.send(say("5"))).toThrow("after finish()");
  });

  test("is at its end if it said nothing, or has read its last line", async () => {
    const rooms = new ChatRooms();
    const [silent, speaker] = [rooms.join(), rooms.join()];
    speaker.send(say("1"));
    silent.finish();
    expect(await rest(silent)).toEqual([]);
    const lines = speaker.lines();
    expect(await next(lines)).toBe("1");
    const waiting = next(lines);
    speaker.finish();
    expect(await waiting).toBeUndefined();
    expect(rooms.size).toBe(0);
  });
});

describe("a participant that reads too slowly", () => {
  test("is ended at one line more than its queue holds, and stops nobody else", async () => {
    const rooms = new ChatRooms({ queueSize: 3 });
    const [slow, speaker] = [rooms.join(), rooms.join()];
    const lines = speaker.lines();
    for (const content of ["1", "2", "3", "4"]) {
      speaker.send(say(content));
      expect(await next(lines)).toBe(content);
    }
    await expect(rest(slow)).rejects.toBeInstanceOf(ParticipantTooSlow);
    expect(() => slow.send(say("5"))).toThrow(ParticipantTooSlow);
    speaker.send(say("6"));
    expect(await next(lines)).toBe("6");
  });

  test("is not ready to send until it has read half of its queue", async () => {
    const rooms = new ChatRooms({ queueSize: 4 });
    const participant = rooms.join();
    const lines = participant.lines();
    const events: string[] = [];
    for (const content of ["1", "2", "3", "4"]) {
      participant.send(say(content));
    }
    const ready = participant.ready().then(() => events.push("ready"));
    events.push(String(await next(lines)));
    events.push(String(await next(lines)));
    await ready;
    expect(events).toEqual(["1", "ready", "2"]);
    participant.send(say("5"));
    const failed = participant.ready();
    participant.fail(new Error("gone"));
    await failed;
  });
});

describe("a line out of its limits", () => {
  test("names every field at fault, is heard by nobody, and enters no room", async () => {
    const rooms = new ChatRooms();
    const participant = rooms.join();
    const bad = { sender: "s".repeat(101), content: "\0", room: "😀".repeat(101) };
    const send = (): void => participant.send(bad);
    expect(send).toThrow(InvalidFields);
    expect(send).toThrow(/^sender is longer than 100 .*content has a NUL.*room is longer than 100/);
    expect(rooms.size).toBe(1);
    participant.send({ sender: "😀".repeat(100), content: "😀".repeat(4096), room: "r".repeat(100) });
    participant.finish();
    expect(await rest(participant)).toHaveLength(1);
  });

  test("is one for more rooms than one may be in", () => {
    const participant = new ChatRooms({ maxRoomsPerParticipant: 2 }).join();
    participant.send(say("a", "1"));
    participant.send(say("a", "2"));
    participant.send(say("b", "1"));
    expect(() => participant.send(say("c", "3"))).toThrow("room is one more than the 2");
  });
});

describe("the end from outside", () => {
  test("comes from the signal, with its reason, and drops what waits", async () => {
    const rooms = new ChatRooms();
    const abort = new AbortController();
    const participant = rooms.join(abort.signal);
    participant.send(say("1"));
    const reason = new Error("cancelled");
    abort.abort(reason);
    await expect(rest(participant)).rejects.toBe(reason);
    expect(() => participant.send(say("2"))).toThrow(reason);
    expect(() => rooms.join(abort.signal)).toThrow(reason);
    expect(rooms.size).toBe(0);
  });

  test("comes from fail, for whoever waits", async () => {
    const participant = new ChatRooms().join();
    const waiting = rest(participant);
    const reason = new Error("broken stream");
    participant.fail(reason);
    await expect(waiting).rejects.toBe(reason);
  });

  test("leaving the loop leaves the rooms", async () => {
    const rooms = new ChatRooms();
    const participant = rooms.join();
    participant.send(say("1"));
    for await (const line of participant.lines()) {
      expect(line.content).toBe("1");
      break;
    }
    expect(rooms.size).toBe(0);
  });
});
