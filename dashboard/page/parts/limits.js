/**
 * What Discord allows, and what is left of it: identifies of the day, REST.
 *
 * @module
 */

import * as format from "../model/format.js";
import { html } from "../preact.js";
import { useClock, useTopics } from "../store.js";
import { Bar, Fact, Section, Word } from "./common.js";

/** @typedef {import("./common.js").App} App */
/** @typedef {import("../../words.ts").DashboardRoute} Route */
/** @typedef {import("../../../protocol/status.ts").RestWait} Wait */

/** @param {{ app: App }} props */
export function Identifies({ app: { store } }) {
  useTopics(store, "identify");
  useClock(1_000);
  const { view } = store;
  if (!view) return null;
  const { count } = format;
  const { remaining, total, reserve, waiting, maxConcurrency, held } = view.identify;
  const isLow = remaining <= reserve;
  return html`
    <${Section} id="identifies" title="Identifies" note=${`${count(maxConcurrency)} every 5 s`}>
      <dl class="facts small">
        <${Fact} name="Left today" of=${`of ${count(total)}`} isWarning=${isLow}>${count(
          remaining,
        )}<//>
        <${Fact} name="In reserve">${count(reserve)}<//>
        <${Fact} name="Fills up in">${format.span(view.identify.resetAfterMs)}<//>
        <${Fact} name="Shards wait">${count(waiting)}<//>
      </dl>
      <${Bar} share=${total === 0 ? 0 : remaining / total} tone=${isLow ? "warn" : ""} />
      ${held ? html`<p class="notice warn">${heldText(held, store.nowMs())}</p>` : null}
      <${Slots} identify=${view.identify} />
    <//>
  `;
}

/** @param {{ identify: import("../../words.ts").DashboardIdentify }} props */
function Slots({ identify: { next, waiting, nextSlotMs } }) {
  if (waiting === 0) return html`<p class="empty">No shard waits to identify.</p>`;
  if (next.length === 0) return html`<p class="empty">Next slot in ${format.span(nextSlotMs)}.</p>`;
  return html`
    <h3>Next slots</h3>
    <ol class="slots">
      ${next.map(({ shardId, inMs }) => {
        const when = inMs <= 0 ? "now" : `in ${format.span(inMs)}`;
        return html`<li key=${shardId}><b>${shardId}</b>${" "}<span>${when}</span></li>`;
      })}
    </ol>
  `;
}

/**
 * @param {import("../../../protocol/status.ts").IdentifyHold} held
 * @param {number} nowMs
 */
function heldText({ untilMs, away }, nowMs) {
  const why = away ?? "What is left is kept in reserve";
  return untilMs === null ? `${why}.` : `${why}, for ${format.span(untilMs - nowMs)} more.`;
}

const FUSE = /** @type {const} */ ({
  closed: { tone: "good", text: "closed: requests pass" },
  slow: { tone: "warn", text: "slow: many invalid requests, the proxy slows down" },
  open: { tone: "bad", text: "open: too many invalid requests, the proxy stops" },
  banned: { tone: "bad", text: "banned: Cloudflare keeps this address out" },
});
/** Invalid requests in ten minutes at which Discord bans an address. */
const MOST_INVALID = 10_000;

/** @param {{ app: App }} props */
export function Rest({ app: { store } }) {
  useTopics(store, "rest");
  const { view } = store;
  if (!view) return null;
  const { waiting, inFlight, buckets, deadEnds, fuse, invalid, limited, waits, routes } = view
    .rest;
  const { count } = format;
  return html`
    <${Section} id="rest" title="REST">
      <p class="fuse">
        <${Word} tone=${FUSE[fuse].tone}>Fuse ${FUSE[fuse].text}<//></p>
      <dl class="facts small">
        <${Fact} name="Wait">${count(waiting)}<//>
        <${Fact} name="Under way">${count(inFlight)}<//>
        <${Fact} name="429 by Discord" isWarning=${limited.byDiscord > 0}>
          ${count(limited.byDiscord)}
        <//>
        <${Fact} name="429 by the proxy" title="In Discord's place: they cost nothing">
          ${count(limited.byProxy)}
        <//>
        <${Fact} name="Invalid in 10 min" of=${`of ${
          count(MOST_INVALID)
        }`} isWarning=${fuse !== "closed"}>
          ${count(invalid)}
        <//>
        <${Fact} name="Buckets">${count(buckets)}<//>
        <${Fact} name="Dead ends" title="What Discord has said no to: it is answered here">
          ${count(deadEnds)}
        <//>
      </dl>
      ${waits.length === 0 ? null : html`<${Waits} waits=${waits} />`}
      ${routes.length === 0
        ? html`<p class="empty">Nothing was asked of Discord yet.</p>`
        : html`<${Routes} routes=${routes} />`}
    <//>
  `;
}

/** @param {{ waits: readonly Wait[] }} props */
function Waits({ waits }) {
  return html`
    <h3>Buckets that wait</h3>
    <div class="table-room waits" tabindex="0" role="region" aria-label="Table of buckets that wait">
      <table>
        <thead>
          <tr>
            <th scope="col" class="text">Bucket</th>
            <th scope="col">Wait now</th>
            <th scope="col">The first since</th>
            <th scope="col">Next may go</th>
          </tr>
        </thead>
        <tbody>
          ${waits.map((wait) =>
            html`<${WaitRow} key=${`${wait.method} ${wait.route} ${wait.major}`} wait=${wait} />`
          )}
        </tbody>
      </table>
    </div>
  `;
}

/** @param {{ wait: Wait }} props */
function WaitRow({ wait: { method, route, major, waiting, waitedMs, nextMs } }) {
  const next = nextMs === null ? "after an answer" : `in ${format.span(nextMs)}`;
  return html`
    <tr>
      <th scope="row" class="text route">
        <code><b>${method}</b>${" "}${route}</code>${" "}<small>${major}</small>
      </th>
      <td class="loud">${format.count(waiting)}</td>
      <td>${format.span(waitedMs)}</td>
      <td>${next}</td>
    </tr>
  `;
}

/** @param {{ routes: readonly Route[] }} props */
function Routes({ routes }) {
  return html`
    <div class="table-room" tabindex="0" role="region" aria-label="Table of routes">
      <table>
        <thead>
          <tr>
            <th scope="col" class="text">Route</th>
            <th scope="col">Wait now</th>
            <th scope="col">Mean wait</th>
            <th scope="col">Discord takes</th>
            <th scope="col">429</th>
            <th scope="col">Answers</th>
          </tr>
        </thead>
        <tbody>
          ${routes.map((route) => html`<${RouteRow} key=${route.route} route=${route} />`)}
        </tbody>
      </table>
    </div>
  `;
}

/** @param {{ route: Route }} props */
function RouteRow({ route: { route, waiting, queueMs, upstreamMs, limited, answers } }) {
  const [method, path] = route.split(" ");
  return html`
    <tr>
      <th scope="row" class="text route">
        <code><b>${method}</b>${" "}${path}</code>
      </th>
      <td class=${waiting > 0 ? "loud" : "none"}>${format.count(waiting)}</td>
      <td>${format.latency(queueMs)}</td>
      <td>${format.latency(upstreamMs)}</td>
      <td class=${limited > 0 ? "" : "none"}>${format.count(limited)}</td>
      <td>${format.count(answers)}</td>
    </tr>
  `;
}
