/**
 * Who runs the bot's code: clusters and services; and the workers that have the shards.
 *
 * @module
 */

import * as format from "../model/format.js";
import { html } from "../preact.js";
import { useTopics } from "../store.js";
import { Button, Section, Word } from "./common.js";

/** @typedef {import("./common.js").App} App */
/** @typedef {import("../../words.ts").DashboardCluster} Cluster */
/** @typedef {import("../../words.ts").DashboardService} Service */

/** @type {Readonly<Record<Cluster["state"], "good" | "moving" | "waiting" | "warn" | "bad">>} */
const TONES = {
  connected: "good",
  starting: "moving",
  away: "warn",
  "backing off": "warn",
  stopped: "bad",
};

const WORKER_TONES = /** @type {const} */ ({
  running: "good",
  starting: "moving",
  restarting: "moving",
  failed: "bad",
  stopped: "bad",
});

/** @param {{ app: App }} props */
export function Places({ app }) {
  const { store } = app;
  useTopics(store, "clusters", "services");
  const { view } = store;
  if (!view) return null;
  const { clusters, services } = view;
  const rows = [...clusters.map(ofCluster), ...services.map(ofService)];
  const isMany = clusters.filter(({ kind }) => kind === "built in").length > 1;
  const restartAll = () => app.ask({ method: "restartAll" });
  const tools = isMany && html`<${Button} onPress=${restartAll}>Restart all clusters<//>`;
  return html`
    <${Section} id="clusters" title="Clusters and services" tools=${tools}>
      ${rows.length === 0
        ? html`<p class="empty">Nobody runs the bot's code here: its events wait for a consumer.</p>`
        : html`<${PlaceTable} rows=${rows} app=${app} />`}
    <//>
  `;
}

/** @typedef {ReturnType<typeof ofCluster> | ReturnType<typeof ofService>} Place */

/**
 * On a phone each row is a block: then browsers no longer take it for a table by itself, and it says that it is.
 *
 * @param {{ rows: Place[], app: App }} props
 */
function PlaceTable({ rows, app }) {
  return html`
    <div class="table-room" tabindex="0" role="region" aria-label="Table of clusters and services">
      <table class="places" role="table">
        <thead role="rowgroup">
          <tr role="row">
            <th role="columnheader" class="text">Name</th>
            <th role="columnheader" class="text">State</th>
            <th role="columnheader">Shards</th>
            <th role="columnheader">Memory</th>
            <th role="columnheader">CPU</th>
            <th role="columnheader">Restarts</th>
            <th role="columnheader"><span class="hidden">Actions</span></th>
          </tr>
        </thead>
        <tbody role="rowgroup">
          ${rows.map((row) => html`<${Row} key=${row.name} row=${row} app=${app} />`)}
        </tbody>
      </table>
    </div>
  `;
}

/** @param {Cluster} cluster */
function ofCluster(cluster) {
  const { clusterId, kind, shards } = cluster;
  const of = /** @type {const} */ ({ clusterId });
  return { ...cluster, name: `cluster ${clusterId}`, shards, of, isRemote: kind === "remote" };
}

/** @param {Service} service */
function ofService(service) {
  const { name } = service;
  return { ...service, shards: null, of: { service: name }, isRemote: false };
}

/** @param {{ row: Place, app: App }} props */
function Row({ row, app }) {
  const { name, state, reason, restarts, isRemote } = row;
  const cell = (/** @type {string} */ name, /** @type {string} */ text, is = "") =>
    html`<td role="cell" class=${is} data-name=${name}>${text}</td>`;
  return html`
    <tr role="row">
      <th role="rowheader" class="text">${name}${isRemote ? html`<small>remote</small>` : null}</th>
      <td role="cell" class="text wide">
        <${Word} tone=${TONES[state]}>${state}<//>
        ${reason === state ? null : html`<small>${reason}</small>`}
      </td>
      ${cell("Shards", format.count(row.shards))}
      ${cell("Memory", format.bytes(row.memoryBytes))}
      ${cell("CPU", format.percent(row.cpuPercent))}
      ${cell("Restarts", format.count(restarts), restarts > 0 ? "" : "none")}
      <td role="cell" class="acts">
        ${isRemote ? null : html`<${PlaceActs} row=${row} ask=${app.ask} />`}
      </td>
    </tr>
  `;
}

/** @param {{ row: Place, ask: App["ask"] }} props */
function PlaceActs({ row: { name, state, of }, ask }) {
  const act = (/** @type {"spawn" | "respawn" | "kill"} */ method, /** @type {string} */ word) =>
    html`
      <${Button} kind="small" label=${`${word} ${name}`} onPress=${() => ask({ method, ...of })}>
        ${word}
      <//>
    `;
  // The button that stops becomes the one that starts, and keeps the focus.
  return state === "stopped"
    ? [null, act("spawn", "Start")]
    : [act("respawn", "Restart"), act("kill", "Stop")];
}

/** @param {{ app: App }} props */
export function Workers({ app }) {
  const { store } = app;
  useTopics(store, "workers");
  const { view } = store;
  if (!view) return null;
  return html`
    <${Section} id="workers" title="Workers" note="threads that have the shards">
      <ul class="list">
        ${view.workers.map((worker) =>
          html`<${WorkerRow} key=${worker.workerId} worker=${worker} ask=${app.ask} />`
        )}
      </ul>
      <//>
  `;
}

/** @param {{ worker: import("../../../protocol/status.ts").WorkerSnapshot, ask: App["ask"] }} props */
function WorkerRow({ worker: { workerId, state, reason, shards, restarts }, ask }) {
  const what = state === "running" ? rangeOf(shards) : reason;
  const more = restarts > 0 ? `, ${format.counted(restarts, "restart")}` : "";
  const restart = () => ask({ method: "restartWorker", workerId });
  const label = `Restart worker ${workerId}`;
  return html`
    <li>
      <b>worker ${workerId}</b>
      <span class="grow"><${Word} tone=${WORKER_TONES[
        state
      ]}>${state}<//> <small>${what}${more}</small></span>
      <${Button} kind="small" label=${label} onPress=${restart}>Restart<//>
    </li>
  `;
}

/** @param {readonly number[]} shards */
function rangeOf(shards) {
  const [first] = shards;
  if (first === undefined) return "no shards";
  const isRange = shards.every((id, at) => id === first + at);
  if (shards.length === 1) return `shard ${first}`;
  return isRange ? `shards ${first}–${shards.at(-1)}` : format.counted(shards.length, "shard");
}
