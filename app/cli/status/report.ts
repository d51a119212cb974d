/**
 * What `gatehouse status` prints of a unit.
 *
 * @module
 */

import { rangesText, shardText } from "../../../protocol/ids.ts";
import { counted, duration } from "../../../protocol/rounded.ts";
import { servingOf, type ShardSnapshot, type Snapshot } from "../../../protocol/status.ts";
import { answersOf } from "../../../rest/answers.ts";
import { readiness } from "../../../unit/readiness.ts";
import { isUnderWay } from "../../../unit/reshard/resharding.ts";
import { reshardLine } from "../../terminal/reshard_lines.ts";
import { count, median, milliseconds, NOTHING, since, stateStyle, sum } from "../print/figures.ts";
import type { Paint, Style } from "../output.ts";
import type { DrawTable } from "../print/table.ts";

/** What it takes beside the snapshot. */
export interface ReportOptions {
  readonly url: string;
  /** ms since the Unix epoch. */
  readonly nowMs: number;
  readonly draw: DrawTable;
  /** Columns of the terminal, within which lines are folded; `null`: there is none. */
  readonly width: number | null;
  readonly paint: Paint;
  /** Whether every shard has a row, however many there are. */
  readonly allShards: boolean;
}

/** More rows than this nobody reads: then only shards that somebody may want to know of have one. */
export const MOST_ROWS = 32;

/** The whole report: a head, then tables. */
export function statusReport(snapshot: Snapshot, options: ReportOptions): string {
  const parts = [
    head(snapshot, options),
    figures(snapshot, options),
    shardTable(snapshot, options),
    placeTable(snapshot, options),
    fleetTable(snapshot, options),
  ];
  return parts.filter((part) => part !== "").join("\n");
}

function head(snapshot: Snapshot, { url, paint }: ReportOptions): string {
  const { ready, reasons, warnings } = readiness(snapshot);
  const where = snapshot.mode === "simulator" ? " · against the simulator" : "";
  const name = snapshot.fleet ? ` · unit ${snapshot.fleet.self}` : "";
  const verdict = ready ? paint(["bold", "green"], "ready") : paint(["bold", "red"], "not ready");
  return [
    `${paint("bold", "gatehouse")} ${url}${name}${where} · ${verdict}`,
    ...reasons.map((reason) => `  ${paint("red", "✗")} ${reason}`),
    ...warnings.map((warning) => `  ${paint("yellow", "!")} ${warning}`),
  ].map((line) => `${line}\n`).join("");
}

function figures(snapshot: Snapshot, { paint, width }: ReportOptions): string {
  const lines: [name: string, text: string][] = [
    ["shards", shardsLine(snapshot)],
    ["events", eventsLine(snapshot)],
    ["identifies", identifyLine(snapshot)],
    ["REST", restLine(snapshot)],
  ];
  if (isUnderWay(snapshot.reshard)) {
    lines.push(["reshard", reshardLine(snapshot.reshard).replace(/^reshard /, "")]);
  }
  const room = (width ?? Infinity) - NAME_WIDTH - 1;
  return lines.flatMap(([name, text]) =>
    folded(text, room).map((line, i) =>
      `${paint("dim", (i === 0 ? name : "").padEnd(NAME_WIDTH))} ${line}\n`
    )
  ).join("");
}

const NAME_WIDTH = 11;
const BETWEEN = " · ";

/** The lines of a text that is as wide: it is folded between its parts only. */
function folded(text: string, width: number): string[] {
  const lines: string[] = [];
  for (const part of text.split(BETWEEN)) {
    const longer = `${lines.at(-1)}${BETWEEN}${part}`;
    if (lines.length > 0 && longer.length <= width) lines[lines.length - 1] = longer;
    else lines.push(part);
  }
  return lines;
}

function shardsLine({ shards, totalShards, guildLimit }: Snapshot): string {
  const serving = servingOf(shards);
  const ready = serving.filter(({ state }) => state === "ready").length;
  const latencies = serving.map((each) => each.counters?.latencyMs).filter((ms) => ms != null);
  const guilds = serving.map((each) => each.guilds).filter((each) => each !== null);
  return [
    `${count(ready)} of ${count(serving.length)} ready` +
    (serving.length === totalShards ? "" : ` (of ${count(totalShards)} of the bot)`),
    ...latencies.length > 0
      ? [
        `latency ${milliseconds(median(latencies))}, slowest ${
          milliseconds(Math.max(...latencies))
        }`,
      ]
      : [],
    ...guilds.length > 0
      ? [
        `${counted(sum(guilds, (each) => each), "guild")}, fullest shard ` +
        `${count(Math.max(...guilds))} of ${count(guildLimit.most)}`,
      ]
      : [],
  ].join(BETWEEN);
}

function eventsLine({ shards, interactions }: Snapshot): string {
  const total = (field: "received" | "queued" | "dropped") =>
    sum(shards, (each) => each.counters?.[field]);
  const oldest = Math.max(0, ...shards.map((each) => each.counters?.queueAgeMs ?? 0));
  const waiting = total("queued");
  return [
    `${count(total("received"))} received`,
    `${count(waiting)} wait${waiting > 0 ? `, the oldest for ${waited(oldest)}` : ""}`,
    ...total("dropped") > 0 ? [`${count(total("dropped"))} dropped`] : [],
    ...interactions.deferred + interactions.answered > 0
      ? [
        `interactions answered in the bot's place: ${
          count(interactions.deferred + interactions.answered)
        }`,
      ]
      : [],
  ].join(BETWEEN);
}

/** A batch that is under way has waited for some ms: no reason to speak of a second. */
function waited(ms: number): string {
  return ms < 1000 ? milliseconds(ms) : duration(ms);
}

function identifyLine({ identify }: Snapshot): string {
  const { remaining, total, reserve, resetAfterMs, waiting, nextSlotMs } = identify;
  return [
    `${count(remaining)} of ${count(total)} left today, ${count(reserve)} of them in reserve`,
    ...resetAfterMs > 0 ? [`filled up in ${duration(resetAfterMs)}`] : [],
    ...waiting > 0 ? [`${counted(waiting, "shard")} in line, next in ${duration(nextSlotMs)}`] : [],
  ].join(BETWEEN);
}

function restLine({ rest }: Snapshot): string {
  const { byDiscord, byProxy } = answersOf(rest.routes);
  return [
    `${count(rest.waiting)} wait, ${count(rest.inFlight)} under way`,
    `${count(byDiscord)} answered 429 by Discord, ${count(byProxy)} by the proxy`,
    `fuse ${rest.fuse}${rest.invalid > 0 ? `, ${count(rest.invalid)} invalid in 10 min` : ""}`,
  ].join(BETWEEN);
}

/** Whether somebody may want to know of a shard. */
function isTelling(shard: ShardSnapshot): boolean {
  const { state, lacks, counters, role } = shard;
  return state !== "ready" || role !== "serves" || lacks.length > 0 ||
    (counters?.queueAgeMs ?? 0) > 10_000 || (counters?.dropped ?? 0) > 0;
}

function shardTable(snapshot: Snapshot, options: ReportOptions): string {
  const { draw, allShards } = options;
  const { shards } = snapshot;
  const isShort = !allShards && shards.length > MOST_ROWS;
  const shown = isShort ? shards.filter(isTelling).slice(0, MOST_ROWS) : shards;
  const hasTwo = new Set(shards.map(({ totalShards }) => totalShards)).size > 1;
  const isWhy = shown.some(({ state, lacks }) => state !== "ready" || lacks.length > 0);
  const table = draw(
    [
      ...[{ title: "shard", isNumber: true }, { title: "state" }, { title: "for", isNumber: true }],
      ...["latency", "guilds", "received", "queued", "age", "reconnects"]
        .map((title) => ({ title, isNumber: true })),
      // Who runs which shards the table of places says as well.
      ...["worker", "cluster"].map((title) => ({ title, isNumber: true, isSpare: true })),
      ...isWhy ? [{ title: "why" }] : [],
    ],
    shown.map((shard) => shardRow(shard, hasTwo, isWhy, options)),
  );
  const left = shards.length - shown.length;
  if (left === 0) return table;
  const others = shown.length > 0
    ? `… and ${counted(left, "more shard")}`
    : `${counted(left, "shard")}, of which nothing is to be told`;
  return `${table}${others}: --all lists them\n`;
}

function shardRow(
  shard: ShardSnapshot,
  hasTwo: boolean,
  isWhy: boolean,
  { nowMs, paint }: ReportOptions,
): string[] {
  const { shardId, state, role, sinceMs, counters, guilds, workerId, clusterId } = shard;
  const reconnects = Object.values(counters?.reconnects ?? {});
  const lacks = shard.lacks.length > 0 ? `without ${shard.lacks.join(", ")}` : "";
  return [
    hasTwo ? shardText(shard) : `${shardId}`,
    paint(stateStyle(state), state) + (role === "serves" ? "" : ` (${role})`),
    since(sinceMs, nowMs),
    milliseconds(counters?.latencyMs),
    count(guilds),
    count(counters?.received),
    count(counters?.queued),
    counters && counters.queued > 0 ? waited(counters.queueAgeMs) : NOTHING,
    count(sum(reconnects, (each) => each)),
    `${workerId}`,
    `${clusterId ?? NOTHING}`,
    ...isWhy ? [[state === "ready" ? "" : shard.reason, lacks].filter(Boolean).join("; ")] : [],
  ];
}

const WELL: ReadonlySet<string> = new Set(["running", "connected"]);

function placeTable(
  { workers, clusters, services, shards }: Snapshot,
  options: ReportOptions,
): string {
  const { draw, paint } = options;
  const ofCluster = (id: number) =>
    rangesText(
      servingOf(shards).filter((each) => each.clusterId === id).map(({ shardId }) => shardId),
    );
  const places = [
    ...workers.map((each) => ({
      ...each,
      name: `worker ${each.workerId}`,
      shards: rangesText(each.shards),
    })),
    ...clusters.map((each) => ({
      ...each,
      name: `cluster ${each.clusterId}${each.kind === "remote" ? " (remote)" : ""}`,
      shards: ofCluster(each.clusterId),
    })),
    ...services.map((each) => ({ ...each, name: `service ${each.name}`, shards: "" })),
  ];
  const isWhy = places.some(({ state }) => !WELL.has(state));
  const style = (state: string): Style =>
    WELL.has(state) ? "green" : state === "starting" ? "yellow" : "red";
  return draw(
    [
      { title: "place" },
      { title: "state" },
      { title: "restarts", isNumber: true },
      { title: "shards" },
      ...isWhy ? [{ title: "why" }] : [],
    ],
    places.map(({ name, state, restarts, shards, reason }) => [
      name,
      paint(style(state), state),
      count(restarts),
      shards,
      ...isWhy ? [WELL.has(state) ? "" : reason] : [],
    ]),
  );
}

function fleetTable({ fleet }: Snapshot, { draw, paint }: ReportOptions): string {
  if (fleet === null) return "";
  return draw(
    [{ title: "unit" }, { title: "state" }, { title: "shards", isNumber: true }],
    fleet.units.map(({ unit, isAlive, shards }) => [
      [unit, unit === fleet.leader && "leads", unit === fleet.self && "this one"]
        .filter(Boolean).join(", "),
      isAlive ? paint("green", "alive") : paint("red", "not heard of"),
      count(shards),
    ]),
  );
}
