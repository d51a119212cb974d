import assert from "node:assert/strict";
import {
  narrate,
  progressLine,
  startSummary,
  statusLine,
  timeLeftMs,
} from "../../../app/terminal/narrate.ts";
import { logTo } from "../../../ports/log.ts";
import type { IdentifySnapshot, ShardState, Status } from "../../../protocol/status.ts";
import type { Unit } from "../../../unit/unit.ts";
import { lots, reshard } from "../../support/reshards.ts";
import { counters, shard, snapshot } from "../../support/snapshots.ts";

/** What the log says of these statuses; debug lines only by their event. */
async function told(...statuses: Status[]): Promise<string[]> {
  const lines: string[] = [];
  const unit = {
    snapshot: snapshot(),
    async *status() {
      yield* statuses;
    },
  } as unknown as Unit;
  const log = logTo((level, event, fields) =>
    lines.push(level === "debug" ? `debug ${event}` : `${level} ${event} ${JSON.stringify(fields)}`)
  );
  await narrate(unit, log, () => lines.push("(ready)"));
  return lines;
}

type ShardIs = Extract<Status, { kind: "shard" }>;

const shardIs = (state: ShardState, reason = "", of: Partial<ShardIs> = {}): ShardIs => ({
  kind: "shard",
  shard: shard(3, { state, reason }),
  totalShards: 4,
  role: "serves",
  ...of,
});

Deno.test("narrate() tells when a shard is ready and when it is so no more, not each step between", async () => {
  const steps = [
    shardIs("connecting"),
    shardIs("ready", "identified"),
    shardIs("backing off", "closed with 1006"),
    shardIs("resuming"),
    shardIs("ready", "resumed"),
  ];
  assert.deepEqual(await told(...steps), [
    "debug shard",
    'info shard is ready {"shardId":3,"reason":"identified"}',
    'warn shard reconnects {"shardId":3,"state":"backing off","reason":"closed with 1006"}',
    "debug shard",
    'info shard is ready {"shardId":3,"reason":"resumed"}',
  ]);
});

Deno.test("narrate() warns of no shard that stops because all do", async () => {
  const stopping: Status = { kind: "stopping", reason: "SIGTERM" };
  const lines = await told(shardIs("ready"), stopping, shardIs("closing", "stopping"));
  assert.deepEqual(lines.slice(1), [
    'info stopping, sessions are kept {"reason":"SIGTERM"}',
    "debug shard",
  ]);
});

Deno.test("narrate() does not take a shard of one total for its namesake of the other, nor tells of who only rises", async () => {
  const rises = { totalShards: 8, role: "rises" } as const;
  const steps = [
    shardIs("ready", "identified"),
    shardIs("connecting", "", rises),
    shardIs("ready", "identified", rises),
    shardIs("backing off", "closed with 1006"),
    shardIs("backing off", "closed with 1006", rises),
  ];
  assert.deepEqual(await told(...steps), [
    'info shard is ready {"shardId":3,"reason":"identified"}',
    "debug shard",
    "debug shard",
    'warn shard reconnects {"shardId":3,"state":"backing off","reason":"closed with 1006"}',
    "debug shard",
  ]);
});

Deno.test("narrate() sums up when all are ready, after the progress is off the screen", async () => {
  const lines = await told({ kind: "ready", tookMs: 4000 });
  assert.equal(lines[0], "(ready)");
  assert.match(lines[1]!, /^info 2 shards ready on 1 worker in 4 s/);
  assert.equal(lines.length, 4);
});

Deno.test("narrate() tells of clusters and members", async () => {
  const cluster = snapshot().clusters[0]!;
  const lines = await told(
    { kind: "cluster", cluster },
    { kind: "service", service: { ...cluster, name: "counter" } },
    { kind: "allClustersReady" },
    { kind: "ALL_MEMBERS_CACHED", clusterId: 0 },
    { kind: "ALL_MEMBERS_CACHED", clusterId: null },
  );
  assert.deepEqual(lines, [
    "debug cluster",
    "debug service",
    "info all clusters are ready {}",
    'info all members have come {"clusterId":0}',
    'info all members have come {"clusterId":"all"}',
  ]);
});

Deno.test("narrate() tells of a reshard in lines, one for the shards that have moved", async () => {
  const begun = reshard({ identifiesNeeded: 4, leftMs: 20_000 });
  const lines = await told(
    { kind: "reshard", reshard: begun },
    { kind: "reshard", reshard: { ...begun, lots: lots(2, 4, "rising") } },
    { kind: "reshard", reshard: { ...begun, lots: lots(2, 4, "moved"), state: "done" } },
  );
  assert.deepEqual(lines.map((line) => line.split(" {")[0]), [
    "info reshard begins",
    "info shards serve in place of others",
    "info reshard is done",
  ]);
});

const options = { identifyWindowMs: 5_000 };
const waiting = (identify: Partial<IdentifySnapshot>) =>
  snapshot({ identify: { ...snapshot().identify, ...identify } });

Deno.test("progressLine() says how many are ready, what the others do, and when the next may", () => {
  const line = progressLine({
    ...waiting({ waiting: 2, nextSlotMs: 2_100 }),
    shards: [
      shard(0),
      shard(1, { state: "queued" }),
      shard(2, { state: "queued" }),
      shard(3, { state: "resuming" }),
    ],
  }, options);
  assert.equal(
    line,
    "shards ready 1/4 · queued 2, resuming 1 · next identify in 3 s · about 8 s left",
  );
});

Deno.test("progressLine() counts the shards that serve", () => {
  const shards = [shard(0), shard(1), shard(1, { totalShards: 4, role: "rises", state: "queued" })];
  assert.equal(progressLine(snapshot({ shards }), options), "shards ready 2/2");
});

Deno.test("progressLine() speaks of no slot when nobody waits for one", () => {
  assert.equal(progressLine(snapshot(), options), "shards ready 2/2");
});

Deno.test("progressLine() says until when Discord is not asked where to connect, and why", () => {
  const discovery = { reason: "GET /gateway/bot was answered 429", untilMs: Date.UTC(2026, 0, 1) };
  assert.equal(
    progressLine(snapshot({ shards: [], discovery }), options),
    "Discord is asked again at 2026-01-01T00:00:00Z: GET /gateway/bot was answered 429",
  );
});

Deno.test("progressLine() says what holds the shards back, in place of a time that is none", () => {
  const line = (untilMs: number | null) =>
    progressLine({
      ...waiting({ waiting: 1, remaining: 100, nextSlotMs: 3_600_000, held: { untilMs } }),
      shards: [shard(0), shard(1, { state: "queued" })],
    }, options);
  const begin = "shards ready 1/2 · queued 1 · identifies are held back";
  const told = new RegExp(`^${begin} until 2026-01-01T00:00:00Z, .*--force`);
  assert.match(line(Date.UTC(2026, 0, 1)), told);
  assert.match(line(null), new RegExp(`^${begin} for ever, .*IDENTIFY_RESERVE keeps 100$`));
  assert.doesNotMatch(line(null), /next identify/);
});

Deno.test("timeLeftMs() counts rounds of max_concurrency shards", () => {
  const left = (count: number, maxConcurrency: number) =>
    timeLeftMs(waiting({ waiting: count, maxConcurrency, nextSlotMs: 1_000 }), options);
  assert.equal(left(0, 1), 0);
  assert.equal(left(1, 1), 1_000);
  assert.equal(left(16, 16), 1_000);
  assert.equal(left(17, 16), 6_000);
  assert.equal(left(10, 1), 46_000);
});

Deno.test("startSummary() says what the start took and cost", () => {
  const shards = [
    shard(0, { counters: counters(0, { identifies: 1 }) }),
    shard(1, { counters: counters(1, { resumes: 1 }) }),
  ];
  assert.deepEqual(startSummary(snapshot({ shards }), 5_200), [
    "2 shards ready on 1 worker in 6 s: 1 identified, 1 resumed",
    "998 of 1000 identifies left for today, 100 of them kept in reserve",
    "1 of 1 cluster connected",
  ]);
  assert.match(startSummary(snapshot({ clusters: [] }), 0)[2]!, /events wait for a consumer/);
});

function terminal(isTerminal = true, columns = 80) {
  const printed: string[] = [];
  return { printed, line: statusLine((text) => printed.push(text), isTerminal, () => columns) };
}

const CLEAR = "\r\x1b[2K";

Deno.test("statusLine() draws over itself, and not again when nothing changed", () => {
  const { printed, line } = terminal();
  line.show("one");
  line.show("one");
  line.show("two");
  assert.deepEqual(printed, [`${CLEAR}one`, `${CLEAR}two`]);
});

Deno.test("statusLine() lets lines pass above it", () => {
  const { printed, line } = terminal();
  line.write("log 1\n");
  line.show("status");
  line.write("log 2\n");
  line.show("");
  line.write("log 3\n");
  assert.deepEqual(printed, [
    "log 1\n",
    `${CLEAR}status`,
    `${CLEAR}log 2\nstatus`,
    CLEAR,
    "log 3\n",
  ]);
});

Deno.test("statusLine() is never wider than the terminal", () => {
  const { printed, line } = terminal(true, 5);
  line.show("abcdefgh");
  assert.deepEqual(printed, [`${CLEAR}abcd`]);
});

Deno.test("statusLine() is nothing where the output is no terminal", () => {
  const { printed, line } = terminal(false);
  line.show("status");
  line.write("log\n");
  assert.deepEqual(printed, ["log\n"]);
});

Deno.test("progressLine() and startSummary() say what the unit has to do without", () => {
  const degraded = snapshot({
    shards: [shard(0, { lacks: ["GUILD_MEMBERS"] }), shard(1)],
    intents: { wanted: 3, refused: ["GUILD_MEMBERS"], shards: [0] },
  });
  assert.equal(
    progressLine(degraded, options),
    "shards ready 2/2 · degraded: without GUILD_MEMBERS",
  );
  assert.equal(startSummary(degraded, 0).at(-1), "degraded: without GUILD_MEMBERS");
  assert.ok(!startSummary(snapshot(), 0).some((line) => /degraded/.test(line)));
});
