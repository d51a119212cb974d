/**
 * One shard in the grid: it draws itself again when it is another, and no other does.
 *
 * @module
 */

import * as format from "../model/format.js";
import { fill, spoken, STATES, troubles } from "../model/shards.js";
import { Component, html } from "../preact.js";
import { Bar, StateMark } from "./common.js";

/** @typedef {import("../model/grid.js").Size} Size */
/** @typedef {import("../model/shards.js").Measure} Measure */
/** @typedef {import("../../words.ts").DashboardShard} Shard */
/** @typedef {import("../../../protocol/status.ts").GuildLimit} GuildLimit */
/** @typedef {{ store: import("../store.js").Store, id: string, size: Size, measure: Measure }} Props */

/** @extends {Component<Props>} */
export class ShardCell extends Component {
  /** @type {() => void} */
  #end = () => {};
  /** @type {HTMLElement | null} */
  #element = null;

  /** @override */
  componentDidMount() {
    this.#listen();
  }

  /**
   * @override
   * @param {Props} before
   */
  componentDidUpdate(before) {
    if (before.id !== this.props.id) this.#listen();
    this.#paint();
  }

  /** @override */
  componentWillUnmount() {
    this.#end();
  }

  /**
   * @override
   * @param {Props} next
   */
  shouldComponentUpdate(next) {
    const { id, size, measure } = this.props;
    return next.id !== id || next.size !== size || next.measure !== measure;
  }

  #listen() {
    this.#end();
    this.#end = this.props.store.on(`shard:${this.props.id}`, () => this.forceUpdate());
    this.#paint();
  }

  /** How full the bar is stands in a property of the style, which the style sheet reads. */
  #paint() {
    const { store, id, measure } = this.props;
    const shard = store.shards.get(id);
    if (!shard || !store.view) return;
    const { guildLimit: limit } = store.view.unit;
    const share = fill(shard, measure, { limit, busiest: store.busiest });
    this.#element?.style.setProperty("--share", share.toFixed(2));
  }

  /**
   * @override
   * @param {Props} props
   */
  render({ store, id, size }) {
    const shard = store.shards.get(id);
    if (!shard || !store.view) return null;
    const { guildLimit: limit } = store.view.unit;
    const { tone, letter } = STATES[shard.state];
    const care = troubles(shard, limit).length > 0 ? "care" : "";
    return html`
      <div
        role="gridcell"
        tabindex="-1"
        class=${`${size} ${tone} ${shard.role} ${care}`}
        data-key=${id}
        aria-label=${size === "cell" ? spoken(shard, limit) : undefined}
        ref=${(/** @type {HTMLElement | null} */ element) => this.#element = element}
      >
        ${size === "cell" && letter}${size === "tile" && tile(shard, limit)}
        ${size === "card" && card(shard, limit, store.nowMs())}
      </div>
    `;
  }
}

/**
 * @param {Shard} shard
 * @param {GuildLimit} limit
 */
function tile(shard, limit) {
  const { shardId, state, latencyMs, eventsPerSecond } = shard;
  const found = troubles(shard, limit);
  const care = found.length > 0 ? "care-text" : "";
  return html`
    <span class="line">
      <b><span class="hidden">Shard${" "}</span>${shardId}</b>
      <${StateMark} state=${state} />
    </span>
    ${state === "ready"
      ? html`
        <span class=${`line figures ${care}`}>
          <span>${format.latency(latencyMs)}</span>
          <span>${format.rate(eventsPerSecond)}/s</span>
        </span>
      `
      : html`<span class="line words">${state}</span>`}
    <span class="hidden">${[state === "ready" ? state : "", ...found].filter(Boolean).join(
      ", ",
    )}</span>
  `;
}

/**
 * @param {Shard} shard
 * @param {GuildLimit} limit
 * @param {number} nowMs
 */
function card(shard, limit, nowMs) {
  return html`
    <${ShardTitle} shard=${shard} />
    <${Troubles} shard=${shard} limit=${limit} />
    <${ShardFigures} shard=${shard} limit=${limit} nowMs=${nowMs} />
  `;
}

/**
 * Which it is, and how.
 *
 * @param {{ shard: Shard }} props
 */
export function ShardTitle({ shard: { shardId, state } }) {
  return html`
    <span class="line">
      <b>Shard ${shardId}</b>
      <span class="state"><${StateMark} state=${state} />${state}</span>
    </span>
  `;
}

/**
 * What is wrong with it.
 *
 * @param {{ shard: Shard, limit: GuildLimit }} props
 */
export function Troubles({ shard, limit }) {
  return troubles(shard, limit).map((text) =>
    html`<span class="notice warn" key=${text}>${text}</span>`
  );
}

/**
 * Everything that there is to say of a shard in figures.
 *
 * @param {{ shard: Shard, limit: GuildLimit, nowMs: number }} props
 */
export function ShardFigures({ shard, limit, nowMs }) {
  const { latencyMs, eventsPerSecond, guilds, queued, queueAgeMs, sessionSinceMs } = shard;
  const isFull = guilds !== null && guilds >= limit.reshardAt;
  const session = sessionSinceMs === null ? null : nowMs - sessionSinceMs;
  return html`
    <span class="figure-list">
      <${Figure} name="Latency">${format.latency(latencyMs)}<//>
      <${Figure} name="Events/s">${format.rate(eventsPerSecond)}<//>
      <${Figure} name="Guilds" of=${`of ${format.count(limit.most)}`}>${format.count(guilds)}<//>
      <${Bar} share=${(guilds ?? 0) / limit.most} tone=${isFull ? "warn" : ""} />
      <${Figure} name="Queue" of=${queued === 0 ? "" : `oldest ${format.span(queueAgeMs)}`}>
        ${format.count(queued)}
      <//>
      <${Figure} name="Session" of=${session === null ? "" : "old"}>${format.span(session)}<//>
      <${Figure} name="Last error" isLong>${errorText(shard, nowMs)}<//>
    </span>
  `;
}

/**
 * One line of it.
 *
 * @param {{ name: string, of?: string, isLong?: boolean, children?: import("./common.js").Node }} props
 */
export function Figure({ name, of, isLong = false, children }) {
  return html`
    <span class=${isLong ? "figure long" : "figure"}>
      <span>${name}</span>
      <span>${children}${of ? html`<small>${of}</small>` : null}</span>
    </span>
  `;
}

/**
 * The last thing that went wrong.
 *
 * @param {Shard} shard
 * @param {number} nowMs
 */
export function errorText({ lastError }, nowMs) {
  return lastError ? `${format.ago(lastError.atMs, nowMs)}: ${lastError.text}` : "none";
}
