/**
 * A reshard: how far it is, and the form that starts one.
 *
 * @module
 */

import * as format from "../model/format.js";
import { html, useState } from "../preact.js";
import { useTopics } from "../store.js";
import { Bar, Button, Fact, Section, Word } from "./common.js";

/** @typedef {import("./common.js").App} App */
/** @typedef {import("../../../protocol/reshard.ts").ReshardSnapshot} Reshard */

const TONES = /** @type {const} */ ({
  running: "moving",
  paused: "warn",
  cancelling: "warn",
  done: "good",
  cancelled: "waiting",
  failed: "bad",
});
const UNDER_WAY = new Set(["running", "paused", "cancelling"]);
/** Lots that are drawn one by one; of more only the share is told. */
const MOST_LOTS = 2_000;

/** @param {{ app: App }} props */
export function Resharding({ app }) {
  const { store } = app;
  useTopics(store, "reshard", "unit");
  const { view } = store;
  if (!view) return null;
  const { reshard, unit } = view;
  const isUnderWay = reshard !== null && UNDER_WAY.has(reshard.state);
  return html`
    <${Section} id="reshard" title="Reshard">
      ${reshard ? html`<${Progress} app=${app} reshard=${reshard} />` : null}
      ${isUnderWay ? null : html`<${Form} app=${app} total=${unit.totalShards} />`}
    <//>
  `;
}

/** @param {{ app: App, reshard: Reshard }} props */
function Progress({ app, reshard }) {
  const { from, to, state, reason, lots, guildsMoved, identifiesSpent, startedAtMs } = reshard;
  const moved = lots.filter(({ phase }) => phase === "moved").length;
  const isUnderWay = UNDER_WAY.has(state);
  const { count } = format;
  const bar = {
    role: "progressbar",
    "aria-label": "Lots that have moved",
    "aria-valuemin": 0,
    "aria-valuemax": lots.length,
    "aria-valuenow": moved,
  };
  return html`
    <p class="reshard-head">
      <b>${from} → ${to} shards</b>
      <${Word} tone=${TONES[state]}>${state}<//>
    </p>
    <div ...${bar}>
      <${Bar} share=${lots.length === 0 ? 0 : moved / lots.length} tone=${isUnderWay
        ? "accent"
        : ""} />
    </div>
    ${isUnderWay && lots.length > 1 ? html`<${Lots} lots=${lots} />` : null}
    <p class="note">${reason}</p>
    <dl class="facts small">
      <${Fact} name="Lots moved" of=${`of ${count(lots.length)}`}>${count(moved)}<//>
      <${Fact} name="Guilds moved">${count(guildsMoved)}<//>
      <${Fact} name="Identifies spent">${count(identifiesSpent)}<//>
      ${isUnderWay ? html`<${Left} reshard=${reshard} />` : null}
      <${Fact} name="Began">${format.ago(startedAtMs, app.store.nowMs())}<//>
    </dl>
    <${Steer} app=${app} state=${state} />
  `;
}

/** @param {{ lots: Reshard["lots"] }} props */
function Lots({ lots }) {
  if (lots.length > MOST_LOTS) return null;
  return html`
    <div class="lots" aria-hidden="true">
      ${lots.map(({ rest, phase }) => html`<i key=${rest} class=${`lot ${phase}`}></i>`)}
    </div>
  `;
}

/** @param {{ reshard: Reshard }} props */
function Left({ reshard: { identifiesNeeded, identifiesLeft, leftMs } }) {
  const { count } = format;
  const isShort = identifiesNeeded > identifiesLeft;
  return html`
    <${Fact} name="Still needed" of=${`of ${count(identifiesLeft)} left`} isWarning=${isShort}>
      ${count(identifiesNeeded)}
    <//>
    <${Fact} name="Takes about">${format.span(leftMs)}<//>
  `;
}

/** @param {{ app: App, state: Reshard["state"] }} props */
function Steer({ app, state }) {
  if (state !== "running" && state !== "paused") return null;
  const isPaused = state === "paused";
  return html`
    <p class="buttons">
      <${Button} onPress=${() => app.ask({ method: isPaused ? "resumeReshard" : "pauseReshard" })}>
        ${isPaused ? "Resume" : "Pause"}
      <//>
      <${Button} onPress=${() => app.ask({ method: "cancelReshard" })}>Cancel…<//>
    </p>
  `;
}

/** @param {{ app: App, total: number }} props */
function Form({ app, total }) {
  const [wanted, setWanted] = useState(String(total * 2));
  const totalShards = Number(wanted);
  const isRight = Number.isInteger(totalShards) && totalShards > 0 && totalShards !== total;

  /** @param {Event} event */
  function submit(event) {
    event.preventDefault();
    if (isRight) app.ask({ method: "reshard", totalShards });
  }

  /** @param {{ target: HTMLInputElement }} event */
  const type = ({ target }) => setWanted(target.value);
  return html`
    <form class="reshard-form" onSubmit=${submit}>
      <p class="note">
        Now ${format.counted(
          total,
          "shard",
        )}. Guilds move while the bot runs; nothing is lost or comes
        twice.
      </p>
      <label>
        Move to
        <input type="number" inputmode="numeric" min="1" required value=${wanted} onInput=${type} />
        shards
      </label>
      <button class="button" type="submit" disabled=${!isRight}>Reshard…</button>
    </form>
  `;
}
