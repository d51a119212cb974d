/**
 * The screen of `gatehouse top`: lines of text, no more and no longer than fit.
 *
 * @module
 */

import { servingOf } from "../../../protocol/status.ts";
import { readiness } from "../../../unit/readiness.ts";
import { reshardLine } from "../../terminal/reshard_lines.ts";
import { bar, count, median, milliseconds, NOTHING, stateStyle, sum } from "../print/figures.ts";
import type { Paint } from "../output.ts";
import { partOf } from "../reshard/watch.ts";
import { cutTo } from "../print/table.ts";
import { COLUMN_LIST, perSecond, sorted, type TopColumn } from "./columns.ts";
import type { TopModel, TopRow } from "./rows.ts";
import { KEYS, type Room, type TopView, within } from "./view.ts";

/** What it takes to draw one. */
export interface ScreenOptions {
  readonly url: string;
  readonly size: { readonly columns: number; readonly rows: number };
  /** ms since the Unix epoch. */
  readonly nowMs: number;
  /** Why the unit did not answer the last time; `null`: it did. */
  readonly away: string | null;
  readonly paint: Paint;
}

/** A screen, and how many rows it has room for. */
export interface Screen {
  readonly lines: readonly string[];
  readonly room: Room;
}

const GAP = " ";

/** Draws what is known. */
export function screenOf(model: TopModel, view: TopView, options: ScreenOptions): Screen {
  const { size: { columns, rows } } = options;
  const head = headLines(model, view, options);
  // A blank line, the titles and the line of keys.
  const room = { rows: Math.max(0, rows - head.length - 3), all: model.rows.length };
  const all = view.isHelp
    ? helpLines(options)
    : [...head, "", ...tableLines(model, view, room, options)];
  const main = all.slice(0, rows - 1);
  const blank = Array.from({ length: Math.max(0, rows - 1 - main.length) }, () => "");
  const lines = [...main, ...blank, footLine(view, room, options)];
  return { lines: lines.slice(-rows).map((line) => cutTo(line, columns)), room };
}

function headLines(model: TopModel, view: TopView, options: ScreenOptions): string[] {
  const { url, away, paint } = options;
  const { snapshot } = model;
  const { ready, reasons: [reason], warnings: [warning] } = readiness(snapshot);
  const verdict = away !== null
    ? paint(["bold", "red"], `no answer: ${away}`)
    : ready
    ? paint(["bold", "green"], "ready")
    : paint(["bold", "red"], "not ready");
  const name = snapshot.fleet ? ` · unit ${snapshot.fleet.self}` : "";
  const paused = view.isPaused ? ` · ${paint("yellow", "paused")}` : "";
  return [
    `${paint("bold", "gatehouse top")} ${url}${name} · ${verdict}${paused}`,
    shardsLine(model),
    restLine(model),
    placesLine(model),
    ...reshardLines(model),
    ...reason !== undefined ? [`${paint("red", "✗")} ${reason}`] : [],
    ...warning !== undefined ? [`${paint("yellow", "!")} ${warning}`] : [],
  ];
}

function shardsLine({ snapshot, rows, eventsPerSecond }: TopModel): string {
  const serving = servingOf(snapshot.shards);
  const ready = serving.filter(({ state }) => state === "ready").length;
  const latencies = rows.map(({ latencyMs }) => latencyMs).filter((ms) => ms !== null);
  const slowest = latencies.length > 0 ? Math.max(...latencies) : null;
  return [
    `shards ${count(ready)}/${count(serving.length)} ready`,
    `${perSecond(eventsPerSecond)} events/s`,
    `${count(sum(rows, ({ queued }) => queued))} wait`,
    `latency ${milliseconds(median(latencies))}, slowest ${milliseconds(slowest)}`,
  ].join("   ");
}

function restLine({ snapshot, restPerSecond, limitedPerSecond }: TopModel): string {
  const { rest, identify } = snapshot;
  return [
    `REST ${perSecond(restPerSecond)}/s, ${count(rest.waiting)} wait, ${
      count(rest.inFlight)
    } under way`,
    `429s ${perSecond(limitedPerSecond)}/s, fuse ${rest.fuse}`,
    `identifies ${count(identify.remaining)}/${count(identify.total)} left, ${
      count(identify.waiting)
    } in line`,
  ].join("   ");
}

function placesLine({ snapshot: { workers, clusters, services, fleet } }: TopModel): string {
  const well = (places: readonly { readonly state: string }[], state: string) =>
    `${places.filter((place) => place.state === state).length}/${places.length}`;
  const alive = fleet?.units.filter(({ isAlive }) => isAlive).length;
  return [
    `workers ${well(workers, "running")} run`,
    `clusters ${well(clusters, "connected")} connected`,
    ...services.length > 0 ? [`services ${well(services, "connected")} connected`] : [],
    ...fleet
      ? [`units ${alive}/${fleet.units.length} alive, ${fleet.leader ?? NOTHING} leads`]
      : [],
  ].join("   ");
}

function reshardLines({ snapshot: { reshard } }: TopModel): string[] {
  const line = reshardLine(reshard);
  return line === "" ? [] : [`${bar(partOf(reshard!), 16)} ${line}`];
}

function tableLines(
  { rows }: TopModel,
  view: TopView,
  room: Room,
  { nowMs, paint }: ScreenOptions,
): string[] {
  const titles = COLUMN_LIST.map(([name, column]) => {
    const cell = padded(column.title, column);
    return name === view.sort ? paint("inverse", cell) : paint("bold", cell);
  });
  const first = within(view.offset, room);
  const shown = sorted(rows, view.sort, view.isReversed).slice(first, first + room.rows);
  return [
    [...titles, paint("bold", "WHY")].join(GAP),
    ...shown.map((row) => rowLine(row, nowMs, paint)),
  ];
}

function rowLine(row: TopRow, nowMs: number, paint: Paint): string {
  const cells = COLUMN_LIST.map(([name, column]) => {
    const cell = padded(column.text(row, nowMs), column);
    return name === "state" ? paint(stateStyle(row.shard.state), cell) : cell;
  });
  const { state, reason, lacks, role } = row.shard;
  const why = [
    role === "serves" ? "" : role,
    state === "ready" ? "" : reason,
    lacks.length > 0 ? `without ${lacks.join(", ")}` : "",
  ];
  return [...cells, why.filter(Boolean).join("; ")].join(GAP);
}

function padded(text: string, { width, isText = false }: TopColumn): string {
  return isText ? text.padEnd(width) : text.padStart(width);
}

function helpLines({ paint }: ScreenOptions): string[] {
  return [
    paint("bold", "Keys"),
    ...COLUMN_LIST.map(([name, { key }]) => `  ${key.padEnd(10)} sort by ${name}`),
    ...KEYS.map(([keys, does]) => `  ${keys.padEnd(10)} ${does}`),
  ];
}

function footLine(
  { sort, isReversed, offset }: TopView,
  room: Room,
  { paint }: ScreenOptions,
): string {
  const first = within(offset, room);
  const last = Math.min(room.all, first + room.rows);
  const where = room.all > room.rows ? `   ${first + 1}–${last} of ${count(room.all)}` : "";
  const order = `by ${sort}${isReversed ? ", reversed" : ""}`;
  return paint("dim", `q quit   ? keys   ${order}${where}`);
}
