/**
 * What was measured, as tables: medians of the rounds with the least and the most, and ratios to one
 * party, each of one round, so that a noisy minute strikes both sides of it alike.
 *
 * @module
 */

import { figure, median, type Table } from "../measure.ts";
import { type Payload, PAYLOADS } from "./load.ts";
import type { Compression, Party } from "./party.ts";
import { type Spent, THREAD_GROUPS, total } from "./schedstat.ts";
import type { Measurement, Rate } from "./stage.ts";

/** What runs that are compared have in common. */
export interface Conditions {
  readonly payload: Payload;
  readonly compression: Compression;
  readonly shards: number;
}

/** One run of a party. */
export interface Cell extends Conditions {
  /** By name. */
  readonly party: string;
  readonly rate: Rate;
  readonly round: number;
  readonly measurement: Measurement;
}

/** A party as tables show it. */
export type Row = Pick<Party, "name" | "label" | "unitOnly">;

/** The tables of one set of conditions. The first row is what the others are compared with. */
export function tablesOf(
  conditions: Conditions,
  rates: readonly Rate[],
  rows: readonly Row[],
  cells: readonly Cell[],
): Table[] {
  const what = describe(conditions);
  const cellsOf = (row: Row, rate: Rate) => chosen(cells, { ...conditions, party: row.name, rate });
  const table = (title: string, text: (row: Row, rate: Rate) => string): Table => ({
    title: `${title}: ${what}`,
    columns: ["party", ...rates.map(rateName)],
    rows: rows.map((row) => [nameOf(row), ...rates.map((rate) => text(row, rate))]),
  });
  const [first, ...others] = rows;
  return [
    table(
      "CPU µs per event, unit + cluster",
      (row, rate) =>
        spread(cellsOf(row, rate).map(({ measurement }) => costUs(measurement, row.unitOnly))),
    ),
    ...(first === undefined || others.length === 0 ? [] : [table(
      `CPU, ${first.label} ÷ party`,
      (row, rate) =>
        row === first
          ? "1"
          : spread(ratios(cellsOf(first, rate), cellsOf(row, rate), row.unitOnly)),
    )]),
    table("Delay ms, p50 / p99", (row, rate) => delaysOf(cellsOf(row, rate))),
    {
      title: `By thread, CPU µs per event: ${what}`,
      columns: THREAD_COLUMNS,
      rows: rows.flatMap((row) =>
        rates.map((rate) => [`${row.label}, ${rateName(rate)}`, ...threads(cellsOf(row, rate))])
      ),
    },
  ];
}

/** How the cost grows with the number of shards: each number against the reference, by party. */
export function scaleTable(
  { payload, compression }: Omit<Conditions, "shards">,
  numbers: readonly number[],
  rates: readonly Rate[],
  rows: readonly Row[],
  cells: readonly Cell[],
): Table {
  const reference = numbers.includes(USUAL_SHARDS) ? USUAL_SHARDS : numbers[0]!;
  const cellsOf = (row: Row, rate: Rate, shards: number) =>
    chosen(cells, { payload, compression, shards, party: row.name, rate });
  return {
    title: `CPU, n shards ÷ ${reference}: ${PAYLOADS[payload]}, ${compression}`,
    columns: ["party, shards", ...rates.map(rateName)],
    rows: rows.flatMap((row) =>
      numbers.filter((shards) => shards !== reference).map((shards) => [
        `${row.label}, ${shards}`,
        ...rates.map((rate) =>
          spread(ratios(cellsOf(row, rate, shards), cellsOf(row, rate, reference), row.unitOnly))
        ),
      ])
    ),
  };
}

const USUAL_SHARDS = 16;

function chosen(cells: readonly Cell[], wanted: Partial<Cell>): Cell[] {
  const keys = Object.keys(wanted) as (keyof Cell)[];
  return cells.filter((cell) => keys.every((key) => cell[key] === wanted[key]));
}

/** Median, and in brackets the least and the most where there are several. */
export function spread(values: readonly number[]): string {
  if (values.length < 2) return figure(values[0] ?? NaN);
  const [least, most] = [Math.min(...values), Math.max(...values)];
  return `${figure(median(values))} (${figure(least)}–${figure(most)})`;
}

/** How many times `theirs` the cost of `ours` is, one ratio per round that both have. */
export function ratios(
  ours: readonly Cell[],
  theirs: readonly Cell[],
  unitOnly?: boolean,
): number[] {
  const costs = new Map(
    theirs.map(({ round, measurement }) => [round, costUs(measurement, unitOnly)]),
  );
  return ours.flatMap(({ round, measurement }) => {
    const their = costs.get(round);
    return their === undefined ? [] : [costUs(measurement, unitOnly) / their];
  });
}

/** CPU µs per event that arrived. */
export function costUs({ unit, cluster, received }: Measurement, unitOnly = false): number {
  return (total(unit) + (unitOnly ? 0 : total(cluster))) / received;
}

function describe({ payload, compression, shards }: Conditions): string {
  return `${PAYLOADS[payload]}, ${compression}, ${shards} ${shards === 1 ? "shard" : "shards"}`;
}

const THREAD_COLUMNS = [
  "party, events/s asked for",
  ...THREAD_GROUPS.map((group) => `unit ${group}`),
  "cluster main",
  "cluster rest",
  "events/s",
  "sent together",
  "lost",
  "unit MiB",
  "cluster MiB",
];

/** Where the processor time went, and what else there is to know. */
function threads(cells: readonly Cell[]): string[] {
  const middle = (value: (one: Measurement) => number) =>
    figure(median(cells.map(({ measurement }) => value(measurement))));
  const perEvent = (spent: (one: Measurement) => number) =>
    middle((one) => spent(one) / one.received);
  const rest = (spent: Spent) => total(spent) - spent.main;
  return [
    ...THREAD_GROUPS.map((group) => perEvent(({ unit }) => unit[group])),
    perEvent(({ cluster }) => cluster.main),
    perEvent(({ cluster }) => rest(cluster)),
    middle(({ received, tookMs }) => received / tookMs * 1000),
    middle(({ together }) => together),
    figure(lostOf(cells)),
    middle(({ unitMiB }) => unitMiB),
    middle(({ clusterMiB }) => clusterMiB),
  ];
}

/** Of all rounds together; fewer than none where events came twice. */
function lostOf(cells: readonly Cell[]): number {
  if (cells.length === 0) return NaN;
  return cells.reduce((sum, { measurement: { sent, received } }) => sum + sent - received, 0);
}

function delaysOf(cells: readonly Cell[]): string {
  const middle = (share: "p50" | "p99") =>
    figure(median(cells.map(({ measurement }) => measurement[share] ?? NaN)));
  return `${middle("p50")} / ${middle("p99")}`;
}

function nameOf({ label, unitOnly }: Row): string {
  return unitOnly ? `${label} (unit only, on both sides)` : label;
}

function rateName(rate: Rate): string {
  return rate === "max" ? "max" : `${rate.toLocaleString("en-US")}/s`;
}
