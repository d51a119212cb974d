/**
 * Whatever happens, in whatever order, a client that resumes sees each event once and in order when it
 * drops the numbers that it has seen; and one that identifies anew misses none, and sees none twice
 * that is not marked. Either has the guilds that there are in the end, which it begins with and keeps
 * by the events.
 *
 * @module
 */

import assert from "node:assert/strict";
import fc from "fast-check";
import { CLOSE_ANSWER_MS } from "../../downstream/connection.ts";
import type { SavedDownstreamSessions } from "../../downstream/sessions.ts";
import { applyGuild, type GuildEvent, type Guilds } from "./fake_guilds.ts";
import { type FakeShard, type Payload, type ScriptedConsumer, type Stage, stage } from "./stage.ts";

/** A client whose messages are under way until it reads them, and which is cut off with them. */
class SlowClient {
  /** The events that it was given, without what it has seen: name and number. */
  readonly seen: [string, number][] = [];
  /** The guilds as it knows them. */
  guilds: Guilds = new Map();
  /** What came a second time without a mark. */
  readonly unmarked: string[] = [];
  #markedTo = 0;
  sessionId = "";
  /** Whether it may lose its session: then it identifies anew. */
  mayLose = false;
  #s = 0;
  #read = 0;
  #connection: ScriptedConsumer | null = null;
  /** Resolved when it has read everything. */
  #hasRead = Promise.withResolvers<void>();

  get isConnected(): boolean {
    return this.#connection !== null && this.#connection.closedWith === null;
  }

  connect(stage: Stage, first: boolean): void {
    this.#connection = stage.connect();
    this.#read = 0;
    this.#unread();
    if (first) this.#identify();
    else this.#connection.resume(this.sessionId, this.#s);
  }

  read(count = Infinity): void {
    const payloads = this.#connection?.payloads ?? [];
    for (; count > 0 && this.#read < payloads.length; count--) this.#take(payloads[this.#read++]!);
    if (this.#read < payloads.length) return;
    this.#hasRead.resolve();
    this.#unread();
  }

  /** From now on its socket takes more when it has read what there is. */
  #unread(): void {
    this.#hasRead = Promise.withResolvers<void>();
    if (this.#connection) this.#connection.reading = this.#hasRead.promise;
  }

  beat(): void {
    this.#connection?.beat(this.#s || null);
  }

  cut(): void {
    this.#connection?.close(1006);
    this.#connection = null;
  }

  /** Closes once it has read everything. */
  leave(code: number): void {
    this.read();
    this.#connection?.close(code);
    this.#connection = null;
  }

  /** Loses the connection without the other side's knowing: that side is dead. */
  abandon(): void {
    if (this.#connection) this.#connection.isDead = true;
    this.#connection = null;
  }

  #identify(): void {
    this.#s = 0;
    this.#markedTo = 0;
    this.#connection!.identify();
  }

  #take({ op, t, s, d }: Payload): void {
    if (op === 9) {
      assert.ok(this.mayLose, "the session is lost");
      return this.#identify();
    }
    if (op !== 0) return;
    if (t === "READY") {
      this.sessionId = d.session_id;
      this.guilds = new Map(d.guilds.map(({ id }: { id: string }) => [id, null]));
    }
    if (t === "GATEHOUSE_REPEAT") {
      assert.equal(d.from, this.#s + 1);
      this.#markedTo = d.to;
      return;
    }
    // A guild that was lost with the shard's session has no number of its own; nor has RESUMED.
    const isLost = t === "GUILD_DELETE" && d.cursor === undefined;
    const isNew = s! > this.#s;
    assert.ok(isNew || isLost || t === "RESUMED", `${t} came with an old number`);
    assert.notEqual(t, "MESSAGE_CREATE", "it has no intent for that");
    if (d.id) applyGuild(this.guilds, { t, ...d } as GuildEvent);
    if (isNew && !isLost && !d.isSnapshot) this.#see(nameOf(t!, d), s!);
    if (isNew) this.#s = s!;
  }

  #see(name: string, s: number): void {
    if (name === "READY") return;
    if (s > this.#markedTo && this.seen.some(([seen]) => seen === name)) this.unmarked.push(name);
    this.seen.push([name, s]);
  }
}

/** What no other event is called. */
function nameOf(t: string, d: Payload["d"]): string {
  if (t === "GATEHOUSE_GAP") return d.from === null ? d.reason : t;
  return d.id ? `${t}_${d.cursor}` : t;
}

/** Guilds that are there when the client comes; one more is away. */
const GUILDS = ["11", "12", "13", "14", "15"];

/** What a client of one session must have seen in the end. READY is 1, then come the guilds. */
function expected(happened: readonly [string, number][]): [string, number][] {
  const from = GUILDS.length + 1;
  return happened.filter(([t]) => t !== "READY")
    .map(([t, cursor]) => [t, cursor - from + GUILDS.length + 1]);
}

/** One course of things, as it goes. */
interface Course {
  now: Stage;
  readonly shard: FakeShard;
  readonly client: SlowClient;
  /** What was written down last. */
  saved: SavedDownstreamSessions;
  /** Every record that there was: `t` and cursor. */
  readonly happened: [string, number][];
}

const ACTS: Record<string, (course: Course, count: number) => void> = {
  "event": ({ shard, happened }, count) => {
    for (let i = 0; i < count; i++) happened.push([`EVENT_${shard.last + 1}`, shard.event()]);
  },
  "guild comes": (course, count) => guild(course, "GUILD_CREATE", count),
  "guild changes": (course, count) => guild(course, "GUILD_UPDATE", count),
  "guild is away": (course, count) => guild(course, "GUILD_DELETE", count, true),
  "guild is left": (course, count) => guild(course, "GUILD_DELETE", count),
  "gap": ({ shard, happened }, count) => {
    const [from, to] = [shard.last + 1, shard.last + count];
    happened.push(["GATEHOUSE_GAP", shard.gap({ from, to, count, reason: "x" })]);
  },
  "upstream ready": ({ shard, happened }) => happened.push(["READY", shard.event("READY")]),
  "message": ({ shard }) => shard.message(),
  "new session": ({ shard, happened }, count) => {
    const ready = shard.begin(String(10 + count), String(20 + count));
    happened.push([`LOST_${ready - 1}`, ready - 1]);
  },
  "write down": (course) => {
    const { sessions } = course.now.gateway;
    course.saved = sessions.save();
    sessions.written(course.saved);
  },
  "flush": ({ shard }, count) => shard.flush(count),
  "rewind": ({ shard }) => shard.rewind(),
  "read": ({ client }, count) => client.read(count),
  "beat": ({ client }) => client.beat(),
  "cut": ({ client }) => client.cut(),
  "resume": ({ client, now }) => {
    if (!client.isConnected) client.connect(now, false);
  },
  "take over": ({ client, now }) => {
    client.abandon();
    client.connect(now, false);
  },
  "kill": (course) => kill(course, course.now.gateway.sessions.save()),
  "kill before saving": (course) => kill(course, course.saved),
};

function guild({ shard, happened }: Course, t: string, id: number, isAway?: boolean): void {
  const cursor = shard.guild(t, String(10 + id), isAway);
  happened.push([`${t}_${cursor}`, cursor]);
}

/** What a life did after it had written this down is not known to the next one. */
function kill(course: Course, saved: SavedDownstreamSessions): void {
  course.client.abandon();
  course.now = course.now.restart(saved);
}

/** What a client does that begins new sessions. */
const IDENTIFIES: typeof ACTS = {
  "leave": ({ client }, count) => client.leave([1000, 1001, 1005, 4200][count - 1]!),
  "identify": ({ client, now }) => {
    if (!client.isConnected) client.connect(now, true);
  },
  // It reads everything up to the close frame that it answers.
  "take over anew": ({ client, now }) => {
    client.read();
    client.connect(now, true);
  },
  "take over a dead one anew": ({ client, now }) => {
    client.abandon();
    client.connect(now, true);
  },
};

const COUNT = fc.integer({ min: 1, max: 4 });
const ACTION = fc.tuple(fc.constantFrom(...Object.keys(ACTS)), COUNT);
const IDENTIFYING = fc.tuple(
  fc.constantFrom(
    ...Object.keys(IDENTIFIES),
    ...[
      "event",
      "guild comes",
      "guild changes",
      "guild is away",
      "guild is left",
      "upstream ready",
      "message",
      "new session",
      "write down",
      "flush",
      "rewind",
      "read",
      "beat",
      "cut",
      "resume",
      "take over",
      "kill",
    ],
  ),
  COUNT,
);

/** Plays a course, and has the client come back in the end: by RESUME, or with a new session. */
async function play(
  actions: readonly [string, number][],
  end: "resume" | "identify",
): Promise<Course> {
  const now = stage();
  const shard = now.events.shard();
  shard.eager = false;
  for (const id of GUILDS) shard.guild("GUILD_CREATE", id);
  shard.guild("GUILD_DELETE", "16", true);
  shard.acknowledge(shard.last);
  const client = new SlowClient();
  client.connect(now, true);
  await now.clock.advance(0);
  client.read();
  const saved = now.gateway.sessions.save();
  client.mayLose = end === "identify";
  const course: Course = { now, shard, client, saved, happened: [] };
  for (const [kind, count] of actions) {
    ({ ...ACTS, ...IDENTIFIES })[kind]!(course, count);
    await now.clock.advance(0);
  }
  if (!client.isConnected) client.connect(course.now, end === "identify");
  // Again and again: for one that has read only now that it has no session, and for guilds in pieces.
  for (let i = 0; i < 6; i++) {
    await now.clock.advance(CLOSE_ANSWER_MS);
    shard.flush();
    client.read();
  }
  client.beat();
  ACTS["write down"]!(course, 1);
  return course;
}

/** The client has every guild that is there as it is, knows of no other, and holds nothing back. */
function assertUpToDate({ client, shard }: Course): void {
  const all = shard.guilds.asOf(shard.last);
  const here = (guilds: Guilds) => new Map([...guilds].filter(([, is]) => is !== null).sort());
  assert.deepEqual(here(client.guilds), here(all));
  assert.deepEqual([...client.guilds.keys()].filter((id) => !all.has(id)), []);
  assert.equal(shard.acknowledged, shard.last);
}

Deno.test("A client that resumes sees each event once and in order, whatever happens between", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(ACTION, { minLength: 5, maxLength: 80 }), async (actions) => {
      const course = await play(actions, "resume");
      assert.deepEqual(course.client.seen, expected(course.happened));
      assertUpToDate(course);
    }),
    { numRuns: 300 },
  );
});

Deno.test("A client that identifies anew misses no event, and sees none twice without a mark", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(IDENTIFYING, { minLength: 5, maxLength: 80 }), async (actions) => {
      const course = await play(actions, "identify");
      const { client, happened } = course;
      const seen = new Set(client.seen.map(([t]) => t));
      assert.deepEqual(expected(happened).filter(([t]) => !seen.has(t)), [], "it missed something");
      assert.deepEqual(client.unmarked, []);
      assertUpToDate(course);
    }),
    { numRuns: 300 },
  );
});
