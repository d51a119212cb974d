/**
 * How the whole does, at a glance: figures, and how they came to be so.
 *
 * @module
 */

import * as format from "../model/format.js";
import { html, useMemo, useState } from "../preact.js";
import { useTopics } from "../store.js";
import { Chart } from "./chart.js";
import { Fact } from "./common.js";

/** @typedef {import("./common.js").App} App */
/** @typedef {import("../../words.ts").Moment} Moment */
/** @typedef {import("../../words.ts").DashboardView} View */

/**
 * @typedef {object} Vital
 * @property {string} title
 * @property {(moment: Moment) => string} figure
 * @property {(view: View, moments: readonly Moment[]) => string} note
 * @property {(moment: Moment) => (number | null)[]} values One for each line.
 * @property {readonly import("./chart.js").Line[]} lines
 */

/** @type {readonly Vital[]} */
const VITALS = [
  {
    title: "Events per second",
    figure: ({ eventsPerSecond }) => format.rate(eventsPerSecond),
    note: (_, moments) => `most ${format.rate(most(moments, (each) => each.eventsPerSecond))}`,
    values: ({ eventsPerSecond }) => [eventsPerSecond],
    lines: [{ color: "--accent", isFilled: true }],
  },
  {
    title: "Events that wait",
    figure: ({ queued }) => format.count(queued),
    note: (_, moments) => `most ${format.count(most(moments, (each) => each.queued))}`,
    values: ({ queued }) => [queued],
    lines: [{ color: "--accent", isFilled: true }],
  },
  {
    title: "Latency of the gateway",
    figure: ({ latencyMs }) => format.latency(latencyMs?.median),
    note: (_, moments) => `slowest shard ${format.latency(moments.at(-1)?.latencyMs?.most)}`,
    values: ({ latencyMs }) => [latencyMs?.most ?? null, latencyMs?.median ?? null],
    lines: [
      { color: "--faint" },
      { color: "--accent", isFilled: true },
    ],
  },
  {
    title: "REST per second",
    figure: ({ restPerSecond }) => format.rate(restPerSecond),
    note: ({ rest }) =>
      `${format.count(rest.waiting)} wait, ${format.count(rest.inFlight)} under way`,
    values: ({ restPerSecond, limitedPerSecond }) => [restPerSecond, limitedPerSecond],
    lines: [
      { color: "--accent", isFilled: true },
      { color: "--warn" },
    ],
  },
];

/** @param {{ app: App }} props */
export function Vitals({ app: { store } }) {
  useTopics(store, "history", "unit", "identify", "shards");
  const [pointed, setPointed] = useState(/** @type {number | null} */ (null));
  const { view } = store;
  if (!view) return null;
  const { moments } = view.history;
  return html`
    <section class="vitals" aria-labelledby="vitals-title">
      <h2 id="vitals-title" class="hidden">At a glance</h2>
      <${Facts} view=${view} store=${store} />
      ${VITALS.map((vital) => {
        const props = { vital, view, moments, pointed, onPoint: setPointed };
        return html`<${Tile} key=${vital.title} ...${props} />`;
      })}
    </section>
  `;
}

/**
 * @param {{ vital: Vital, view: View, moments: readonly Moment[], pointed: number | null, onPoint: (at: number | null) => void }} props
 */
function Tile({ vital, view, moments, pointed, onPoint }) {
  const { title, figure, note, values, lines } = vital;
  const columns = useMemo(() => {
    const rows = moments.map(values);
    return [
      moments.map(({ atMs }) => atMs / 1_000),
      ...lines.map((_, at) => rows.map((row) => row[at] ?? null)),
    ];
  }, [moments]);
  const now = moments.at(-1);
  const then = pointed === null ? undefined : moments[pointed];
  const text = now ? figure(now) : format.UNKNOWN;
  const more = note(view, moments);
  const label = `${title} in the last ten minutes: now ${text}, ${more}`;
  return html`
    <div class="vital">
      <div class="vital-head">
        <h3>${title}</h3>
        <span class="vital-note">
          ${then ? `${figure(then)} at ${format.clock(then.atMs)}` : more}
        </span>
      </div>
      <p class="big">${text}</p>
      <${Chart} columns=${columns} lines=${lines} onPoint=${onPoint} label=${label} />
    </div>
  `;
}

/** @param {{ view: View, store: import("../store.js").Store }} props */
function Facts({ view: { unit, identify }, store }) {
  const { count, percent } = format;
  // Of those that rise or end the progress of the reshard tells.
  const shards = [...store.shards.values()].filter(({ role }) => role === "serves");
  const ready = shards.filter(({ state }) => state === "ready").length;
  const guilds = shards.flatMap(({ guilds }) => guilds ?? []);
  const sum = guilds.length === 0 ? null : guilds.reduce((sum, each) => sum + each, 0);
  const fullest = Math.max(0, ...guilds) / unit.guildLimit.most * 100;
  const { remaining, reserve, total } = identify;
  return html`
    <dl class="facts">
      <${Fact} name="Shards ready" of=${`of ${
        count(shards.length)
      }`} isWarning=${ready < shards.length}>
        ${count(ready)}
      <//>
      <${Fact} name="Guilds" of=${`fullest ${percent(fullest)}`}>${count(sum)}<//>
      <${Fact} name="Identifies left" of=${`of ${count(total)}`} isWarning=${remaining <= reserve}>
        ${count(remaining)}
      <//>
      <${Fact} name="Memory">${format.bytes(unit.memoryBytes)}<//>
      <${Fact} name="CPU" of="of a core">${percent(unit.cpuPercent)}<//>
      <${Fact} name="Up">${format.span(store.nowMs() - unit.startedAtMs)}<//>
    </dl>
  `;
}

/**
 * @param {readonly Moment[]} moments
 * @param {(moment: Moment) => number} of
 */
function most(moments, of) {
  return moments.reduce((most, moment) => Math.max(most, of(moment)), 0);
}
