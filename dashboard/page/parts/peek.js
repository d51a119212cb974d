/**
 * What a small cell does not say, beside it, as long as it is pointed at or has the focus.
 *
 * @module
 */

import { html, useLayoutEffect, useRef } from "../preact.js";
import { useTopics } from "../store.js";
import { ShardFigures, ShardTitle, Troubles } from "./shard_cell.js";

const GAP_PX = 8;

/**
 * The cell is read out by itself: of this a screen reader needs nothing.
 *
 * @param {{ app: import("./common.js").App, cell: HTMLElement | null }} props
 */
export function Peek({ app: { store }, cell }) {
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const key = cell?.dataset["key"] ?? "";
  useTopics(store, `shard:${key}`);
  useLayoutEffect(() => {
    const peek = ref.current;
    if (!peek || !cell) return;
    const of = cell.getBoundingClientRect();
    const { width, height } = peek.getBoundingClientRect();
    const left = Math.min(of.left, document.documentElement.clientWidth - width - GAP_PX);
    const isBelow = of.bottom + GAP_PX + height < innerHeight;
    const top = isBelow ? of.bottom + GAP_PX : of.top - GAP_PX - height;
    peek.style.transform = `translate(${Math.max(GAP_PX, left)}px, ${Math.max(GAP_PX, top)}px)`;
  }, [cell, key]);
  const shard = store.shards.get(key);
  if (!shard || !store.view || !cell) return null;
  const { guildLimit: limit } = store.view.unit;
  return html`
    <div class="peek" aria-hidden="true" ref=${ref}>
      <${ShardTitle} shard=${shard} />
      ${shard.state === "ready" ? null : html`<span class="why">${shard.reason}</span>`}
      <${Troubles} shard=${shard} limit=${limit} />
      <${ShardFigures} shard=${shard} limit=${limit} nowMs=${store.nowMs()} />
    </div>
  `;
}
