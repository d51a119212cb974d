/**
 * What happened of late, in words.
 *
 * @module
 */

import { LEVEL_WORDS } from "../model/announce.js";
import { html, useState } from "../preact.js";
import { useClock, useTopics } from "../store.js";
import { Button, Section, When } from "./common.js";

/** @typedef {import("../../words.ts").Incident} Incident */
/** @typedef {import("../store.js").Store} Store */

const PAGE = 12;
const MARKS = /** @type {const} */ ({
  info: { tone: "waiting", letter: "i" },
  warn: { tone: "warn", letter: "!" },
  error: { tone: "bad", letter: "×" },
});

/** @param {{ app: import("./common.js").App }} props */
export function Incidents({ app: { store } }) {
  useTopics(store, "incidents");
  useClock(10_000);
  const [most, setMost] = useState(PAGE);
  const { incidents = [] } = store.view ?? {};
  const more = () => setMost(most + 4 * PAGE);
  return html`
    <${Section} id="incidents" title="Incidents">
      <${IncidentList} incidents=${incidents.slice(0, most)} store=${store} />
      ${incidents.length > most &&
        html`
          <p class="more">
            <${Button} onPress=${more}>Show earlier ones<//></p>
        `}
    <//>
  `;
}

/**
 * Incidents, the newest first.
 *
 * @param {{ incidents: readonly Incident[], store: Store }} props
 */
export function IncidentList({ incidents, store }) {
  if (incidents.length === 0) return html`<p class="empty">Nothing has happened.</p>`;
  return html`
    <ol class="incidents">
      ${incidents.map((incident) =>
        html`<${Line} key=${incident.id} incident=${incident} store=${store} />`
      )}
    </ol>
  `;
}

/** @param {{ incident: Incident, store: Store }} props */
function Line({ incident: { atMs, level, text, about, of }, store }) {
  const { tone, letter } = MARKS[level];
  const isOfShard = about === "shard" && of !== undefined && store.shards.has(of);
  const open = () => store.setOpen(of ?? null);
  return html`
    <li>
      <i class=${`mark ${tone}`} aria-hidden="true">${letter}</i>
      <span class="grow">
        <span class="hidden">${LEVEL_WORDS[level]}: </span>
        ${isOfShard
          ? html`<button type="button" class="link words" onClick=${open}>${text}</button>`
          : text}
      </span>
      <${When} atMs=${atMs} nowMs=${store.nowMs()} />
    </li>
  `;
}
