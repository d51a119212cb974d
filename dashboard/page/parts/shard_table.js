/**
 * Shards as a table, by any of their figures.
 *
 * @module
 */

import * as format from "../model/format.js";
import { OLD_QUEUE_MS, SLOW_MS, STATE_ORDER } from "../model/shards.js";
import { html, useRef, useState } from "../preact.js";
import { useTopics } from "../store.js";
import { Bar, Button, StateMark } from "./common.js";
import { errorText } from "./shard_cell.js";

/** @typedef {import("../../words.ts").DashboardShard} Shard */
/** @typedef {import("./common.js").App} App */

/** Rows that are shown until more are asked for. */
const PAGE = 50;

/** @type {readonly { name: string, of: (shard: Shard) => number | null, isText?: boolean, isDown?: boolean }[]} */
const COLUMNS = [
  { name: "Shard", of: ({ shardId }) => shardId, isText: true },
  { name: "State", of: ({ state }) => STATE_ORDER.indexOf(state), isText: true, isDown: true },
  { name: "Latency", of: ({ latencyMs }) => latencyMs, isDown: true },
  { name: "Events/s", of: ({ eventsPerSecond }) => eventsPerSecond, isDown: true },
  { name: "Guilds", of: ({ guilds }) => guilds, isDown: true },
  { name: "Queue", of: ({ queued }) => queued, isDown: true },
  { name: "Oldest", of: ({ queueAgeMs }) => queueAgeMs, isDown: true },
  { name: "Session", of: ({ sessionSinceMs }) => sessionSinceMs, isDown: true },
  { name: "Reconnects", of: ({ reconnects }) => reconnects, isDown: true },
  {
    name: "Last error",
    of: ({ lastError }) => lastError?.atMs ?? null,
    isText: true,
    isDown: true,
  },
];

/** @param {{ app: App, keys: readonly string[] }} props */
export function ShardTable({ app, keys }) {
  const { store } = app;
  const [by, setBy] = useState({ column: 0, isDown: false });
  const [most, setMost] = useState(PAGE);
  const isHeld = useRef(false);
  const shown = useRef(/** @type {readonly string[]} */ ([]));
  useTopics(store, "shards");

  const { of } = COLUMNS[by.column] ?? COLUMNS[0] ?? { of: () => 0 };
  const sorted = keys.toSorted((a, b) =>
    compare(store.shards.get(a), store.shards.get(b), of, by.isDown)
  );
  // Rows do not run away from under the pointer or the focus.
  const order = isHeld.current ? keepOrder(shown.current, sorted) : sorted;
  shown.current = order;

  /** @param {number} column */
  function sort(column) {
    shown.current = [];
    const first = COLUMNS[column]?.isDown === true;
    setBy({ column, isDown: by.column === column ? !by.isDown : first });
  }

  const hold = (/** @type {boolean} */ is) => () => isHeld.current = is;
  return html`
    <div
      class="table-room"
      tabindex="0"
      role="region"
      aria-label="Table of shards"
      onPointerEnter=${hold(true)}
      onPointerLeave=${hold(false)}
      onfocusin=${hold(true)}
      onfocusout=${hold(false)}
    >
      <table class="shard-table">
        <thead>
          <tr>${COLUMNS.map(({ name, isText }, at) => {
            const label = html`<button type="button" onClick=${() =>
              sort(at)}>${name}<i aria-hidden="true"></i></button>`;
            return html`<th scope="col" class=${isText ? "text" : ""} aria-sort=${
              sortOf(at, by)
            }>${label}</th>`;
          })}</tr>
        </thead>
        <tbody>
          ${order.slice(0, most).map((key) => html`<${Row} key=${key} id=${key} app=${app} />`)}
        </tbody>
      </table>
    </div>
    ${order.length > most && html`<${More} most=${most} all=${order.length} onMore=${setMost} />`}
  `;
}

/**
 * The same keys as `now`, those that were shown in the order that they had.
 *
 * @param {readonly string[]} shown
 * @param {readonly string[]} now
 */
function keepOrder(shown, now) {
  const there = new Set(now);
  return [...new Set([...shown.filter((key) => there.has(key)), ...now])];
}

/** @param {{ most: number, all: number, onMore: (most: number) => void }} props */
function More({ most, all, onMore }) {
  return html`
    <p class="more">
      <span>${format.count(most)} of ${format.counted(all, "shard")}</span>
      <${Button} onPress=${() => onMore(most + PAGE)}>Show ${PAGE} more<//>
      <${Button} onPress=${() => onMore(all)}>Show all<//>
    </p>
  `;
}

/** @param {{ app: App, id: string }} props */
function Row({ app: { store }, id }) {
  useTopics(store, `shard:${id}`);
  const shard = store.shards.get(id);
  if (!shard || !store.view) return null;
  const { guildLimit: limit } = store.view.unit;
  const nowMs = store.nowMs();
  const { shardId, guilds, lastError, sessionSinceMs, state, queueAgeMs, latencyMs } = shard;
  const isFull = guilds !== null && guilds >= limit.reshardAt;
  const open = {
    class: "link",
    onClick: () => store.setOpen(id),
    "aria-label": `Details of shard ${shardId}`,
  };
  const loud = (/** @type {boolean} */ isLoud) => isLoud ? "loud" : "";
  return html`
    <tr>
      <th scope="row" class="text"><button type="button" ...${open}>${shardId}</button></th>
      <td class="text"><span class="state"><${StateMark} state=${state} />${state}</span></td>
      <td class=${loud((latencyMs ?? 0) >= SLOW_MS)}>${format.latency(latencyMs)}</td>
      <td>${format.rate(shard.eventsPerSecond)}</td>
      <td class=${loud(isFull)}>
        <span class="with-bar">
          ${format.count(guilds)}
          <${Bar} share=${(guilds ?? 0) / limit.most} tone=${isFull ? "warn" : ""} />
        </span>
      </td>
      <td>${format.count(shard.queued)}</td>
      <td class=${loud(queueAgeMs >= OLD_QUEUE_MS)}>
        ${format.span(queueAgeMs === 0 ? null : queueAgeMs)}
      </td>
      <td>${format.span(sessionSinceMs === null ? null : nowMs - sessionSinceMs)}</td>
      <td>${format.count(shard.reconnects)}</td>
      <td class="text wide">${lastError ? errorText(shard, nowMs) : ""}</td>
    </tr>
  `;
}

/**
 * What is not known comes last, whichever way.
 *
 * @param {Shard | undefined} a
 * @param {Shard | undefined} b
 * @param {(shard: Shard) => number | null} of
 * @param {boolean} isDown
 */
function compare(a, b, of, isDown) {
  const [x, y] = [a ? of(a) : null, b ? of(b) : null];
  if (x === null || y === null) return Number(x === null) - Number(y === null);
  return isDown ? y - x : x - y;
}

/**
 * @param {number} at
 * @param {{ column: number, isDown: boolean }} by
 */
function sortOf(at, { column, isDown }) {
  return at !== column ? "none" : isDown ? "descending" : "ascending";
}
