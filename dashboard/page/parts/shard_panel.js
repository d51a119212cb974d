/**
 * One shard: its figures, its past, and what can be done with it. Opened from the grid, closed by Escape.
 *
 * @module
 */

import * as format from "../model/format.js";
import { html, useEffect, useRef, useState } from "../preact.js";
import { useClock, useTopics } from "../store.js";
import { Button, StateMark, When } from "./common.js";
import { IncidentList } from "./incidents.js";
import { Figure, ShardFigures, Troubles } from "./shard_cell.js";

/** @typedef {import("./common.js").App} App */
/** @typedef {import("../../words.ts").DashboardShard} Shard */
/** @typedef {import("../../words.ts").ShardHistory} ShardHistory */

/** Its past is asked for again when its state is another; a moment later, so that it is written by then. */
const SETTLE_MS = 400;
/** What has an Escape of its own. */
const FIELDS = 'input:not([type="radio"]), dialog, dialog *';

/** @param {{ app: App }} props */
export function ShardPanel({ app }) {
  const { store } = app;
  useTopics(store, "panel", "list", `shard:${store.open}`);
  useClock(1_000);
  const ref = useRef(/** @type {HTMLElement | null} */ (null));
  const cameFrom = useRef(/** @type {Element | null} */ (null));
  const { open } = store;
  useEffect(() => {
    if (open === null) return;
    cameFrom.current = document.activeElement;
    ref.current?.focus();
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [open]);
  const shard = open === null ? undefined : store.shards.get(open);

  function close() {
    const { current } = cameFrom;
    const cell = document.querySelector(`[role="grid"] [data-key="${open}"]`);
    store.setOpen(null);
    const back =
      current?.isConnected && current !== document.body && !ref.current?.contains(current)
        ? current
        : cell;
    if (back instanceof HTMLElement) back.focus();
  }

  /**
   * From wherever one is.
   *
   * @param {KeyboardEvent} event
   */
  function press({ key, target }) {
    const isItsOwn = target instanceof Element && target.matches(FIELDS);
    if (key === "Escape" && !isItsOwn) close();
  }

  if (open === null || !store.view) return null;
  const [id, total] = open.split("/");
  return html`
    <aside class="drawer" aria-labelledby="drawer-title" tabindex="-1" ref=${ref}>
      <header class="panel-head">
        <h2 id="drawer-title">Shard ${id}${" "}<small>of ${total}</small></h2>
        <div class="tools">
          <${Button} kind="icon" label="Close the details" onPress=${close}>×<//>
        </div>
      </header>
      ${shard
        ? html`<${Details} app=${app} shard=${shard} key=${open} />`
        : html`<p class="empty">This shard is no more.</p>`}
    </aside>
  `;
}

const ROLES = {
  serves: "",
  rises: "It rises: its events are kept until it serves in the place of others.",
  ends: "It ends: others serve in its place.",
};

/** @param {{ app: App, shard: Shard }} props */
function Details({ app, shard }) {
  const { store } = app;
  const { past, problem } = usePast(app, shard);
  if (!store.view) return null;
  const { guildLimit: limit } = store.view.unit;
  const nowMs = store.nowMs();
  const { state, role } = shard;
  return html`
    <p class="shard-state">
      <${StateMark} state=${state} /><b>${state}</b>
      <span>for ${format.span(nowMs - shard.sinceMs)}</span>
    </p>
    <p class="why">${shard.reason}</p>
    ${ROLES[role] && html`<p class="notice">${ROLES[role]}</p>`}
    <${Troubles} shard=${shard} limit=${limit} />
    <${ShardActs} shard=${shard} ask=${app.ask} />
    <div class="figures-block">
      <${ShardFigures} shard=${shard} limit=${limit} nowMs=${nowMs} />
      <${Figure} name="Acknowledged after">${format.latency(shard.ackLagMs)}<//>
      <${Figure} name="Reconnects">${format.count(shard.reconnects)}<//>
      <${Figure} name="Worker">${shard.workerId}<//>
      <${Figure} name="Cluster">${shard.clusterId ?? "none"}<//>
    </div>
    <h3>States</h3>
    ${past
      ? html`<${States} changes=${past.changes} nowMs=${nowMs} />`
      : html`<p class="empty">${problem ?? "Loading…"}</p>`}
    <h3>Incidents</h3>
    ${past && html`<${IncidentList} incidents=${past.incidents} store=${store} />`}
  `;
}

/** @param {{ shard: Shard, ask: App["ask"] }} props */
function ShardActs({ shard: { shardId, workerId, role }, ask }) {
  const reconnect = (/** @type {"keep" | "end"} */ session) => () =>
    ask({ method: "reconnect", shardId, session });
  const restart = () => ask({ method: "restartWorker", workerId });
  // An act names a shard by its id, and of each id the one that serves is meant.
  return html`
    <p class="buttons">
      ${role === "serves" && html`
        <${Button} kind="primary" onPress=${reconnect("keep")}>Reconnect<//>
        <${Button} onPress=${reconnect("end")}>New session…<//>
      `}
      <${Button} onPress=${restart}>Restart worker ${workerId}<//>
    </p>
  `;
}

/** @param {{ changes: ShardHistory["changes"], nowMs: number }} props */
function States({ changes, nowMs }) {
  return html`
    <ol class="past">
      ${changes.map(({ atMs, state, reason }) =>
        html`
          <li key=${atMs + state}>
            <${StateMark} state=${state} />
            <span class="grow"><b>${state}</b>${" "}<span class="words">${reason}</span></span>
            <${When} atMs=${atMs} nowMs=${nowMs} />
          </li>
        `
      )}
    </ol>
  `;
}

/**
 * What was of it, asked for when it is opened and whenever its state is another.
 *
 * @param {App} app
 * @param {Shard} shard
 */
function usePast({ live }, { key, state, sinceMs }) {
  const [past, setPast] = useState(/** @type {ShardHistory | null} */ (null));
  const [problem, setProblem] = useState(/** @type {string | null} */ (null));
  useEffect(() => {
    let isOld = false;
    const timer = setTimeout(async () => {
      try {
        const history = await live.history(key);
        if (!isOld) setPast(history);
      } catch (error) {
        if (!isOld) {
          setProblem(`Its past cannot be read: ${error instanceof Error ? error.message : error}`);
        }
      }
    }, past === null ? 0 : SETTLE_MS);
    return () => {
      isOld = true;
      clearTimeout(timer);
    };
  }, [key, state, sinceMs]);
  return { past, problem };
}
