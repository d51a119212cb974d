/**
 * Small parts that many share.
 *
 * @module
 */

import { ago } from "../model/format.js";
import { STATES } from "../model/shards.js";
import { html, useLayoutEffect, useRef } from "../preact.js";

/** @typedef {import("../../vendor/preact.d.ts").Node} Node */
/** @typedef {import("../../../protocol/status.ts").ShardState} ShardState */

/**
 * What all parts are given.
 *
 * @typedef {object} App
 * @property {import("../store.js").Store} store
 * @property {import("../live.js").Live} live
 * @property {(act: import("../../words.ts").DashboardAct) => void} ask Asks the person, then the unit.
 */

/**
 * A section of the page with its heading.
 *
 * @param {{ id: string, title: string, note?: Node, tools?: Node, children?: Node, class?: string }} props
 */
export function Section({ id, title, note, tools, children, class: more = "" }) {
  return html`
    <section class=${`panel ${more}`} id=${id} aria-labelledby=${`${id}-title`} tabindex="-1">
      <header class="panel-head">
        <h2 id=${`${id}-title`}>${title}</h2>
        ${note ? html`<p class="note">${note}</p>` : null}
        ${tools ? html`<div class="tools">${tools}</div>` : null}
      </header>
      ${children}
    </section>
  `;
}

/**
 * A shard's state: letter, shape and colour.
 *
 * @param {{ state: ShardState }} props
 */
export function StateMark({ state }) {
  const { letter, tone } = STATES[state];
  return html`<i class=${`mark ${tone}`} aria-hidden="true">${letter}</i>`;
}

/**
 * A state of anything else, with its shape and its word.
 *
 * @param {{ tone: "good" | "moving" | "waiting" | "warn" | "bad", children?: Node }} props
 */
export function Word({ tone, children }) {
  return html`<span class="word"><i class=${`dot ${tone}`} aria-hidden="true"></i>${children}</span>`;
}

/**
 * A bar that is full to `share` (0 to 1). The figure beside it says the same.
 *
 * @param {{ share: number, tone?: string }} props
 */
export function Bar({ share, tone = "" }) {
  /** @type {{ current: HTMLElement | null }} */
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  // Styles in the document's text are not allowed here; those that a script sets are.
  useLayoutEffect(() => ref.current?.style.setProperty("--share", share.toFixed(3)), [share]);
  return html`<span class=${`bar ${tone}`} ref=${ref} aria-hidden="true"></span>`;
}

/**
 * Something that is pressed.
 *
 * @param {{ onPress: () => void, label?: string, kind?: string, isOff?: boolean, children?: Node }} props `label`:
 * where the text alone says too little.
 */
export function Button({ onPress, label, kind = "", isOff = false, children }) {
  return html`
    <button type="button" class=${`button ${kind}`} aria-label=${label} disabled=${isOff}
      onClick=${onPress}>
      ${children}
    </button>
  `;
}

/**
 * A name with its figure, and what the figure is of.
 *
 * @param {{ name: string, of?: string, isWarning?: boolean, title?: string, children?: Node }} props
 */
export function Fact({ name, of, isWarning = false, title, children }) {
  return html`
    <div class=${isWarning ? "fact warn" : "fact"} title=${title}>
      <dt>${name}</dt>
      <dd>${children}${of ? html`<small>${of}</small>` : null}</dd>
    </div>
  `;
}

/**
 * How long ago; pointed at, when.
 *
 * @param {{ atMs: number, nowMs: number }} props
 */
export function When({ atMs, nowMs }) {
  const date = new Date(atMs);
  return html`
    <time datetime=${date.toISOString()} title=${date.toLocaleString("en-GB")}>${ago(
      atMs,
      nowMs,
    )}</time>
  `;
}
