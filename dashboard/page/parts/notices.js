/**
 * What everybody has to see: that the connection is lost, and why the unit is not ready; and what is read out.
 *
 * @module
 */

import { announcement } from "../model/announce.js";
import * as format from "../model/format.js";
import { html, useEffect, useState } from "../preact.js";
import { useClock, useTopics } from "../store.js";
import { Button } from "./common.js";

/** @typedef {import("./common.js").App} App */

/** How often a screen reader is told of changes, in one sentence. */
const TELL_MS = 10_000;

/** @param {{ app: App }} props */
export function Notices({ app: { store, live } }) {
  useTopics(store, "link", "unit");
  useClock(1_000);
  const { link, linkSinceMs, lostBecause, view } = store;
  const { isReady = true, reasons = [], deafTypes = [], discovery = null } = view?.unit ?? {};
  const retry = () => live.open();
  return html`
    <div class="notices">
      <div role="alert">
        ${link === "lost" && html`
          <p class="notice bad lost">
            <b>Not connected since ${format.clock(linkSinceMs)}</b>
            <span class="grow">${lostBecause}. What you see is as it was then.</span>
            <${Button} onPress=${retry}>Try now<//>
          </p>
        `}
      </div>
      ${reasons.length > 0 && html`<${Reasons} isReady=${isReady} reasons=${reasons} />`}
      ${discovery && html`
        <p class="notice warn">
          Discord has not said where to connect: ${discovery.reason}. It is asked again in
          ${" "}${format.span(discovery.untilMs - store.nowMs())}.
        </p>
      `}
      ${deafTypes.map(({ type, sinceMs }) => {
        const text = `No ${type} has come since ${format.clock(sinceMs)}, while others did.`;
        return html`<p class="notice warn" key=${type}>${text}</p>`;
      })}
    </div>
  `;
}

/** @param {{ isReady: boolean, reasons: readonly string[] }} props */
function Reasons({ isReady, reasons: [first, ...others] }) {
  const head = html`<b>${isReady ? "Ready, but" : "Not ready:"}</b>${" "}${first}`;
  const kind = `notice ${isReady ? "warn" : "bad"}`;
  if (others.length === 0) return html`<p class=${kind}>${head}</p>`;
  return html`
    <details class=${kind}>
      <summary>${head}${" "}<span class="others">and ${others.length} more</span></summary>
      <ul>${others.map((reason) => html`<li key=${reason}>${reason}</li>`)}</ul>
    </details>
  `;
}

/** @param {{ app: App }} props */
export function Announcer({ app: { store } }) {
  const [text, setText] = useState("");
  useEffect(() => {
    /** @type {Map<string, import("../../../protocol/status.ts").ShardState>} */
    const told = new Map();
    function tell() {
      const shards = [...store.shards.values()];
      const said = announcement(told, shards);
      told.clear();
      for (const { key, state } of shards) told.set(key, state);
      if (said !== "") setText(said);
    }
    // Those that are new are known from now on: what becomes of them is told.
    function meet() {
      for (const { key, state } of store.shards.values()) if (!told.has(key)) told.set(key, state);
    }
    meet();
    const stop = store.on("list", meet);
    const timer = setInterval(tell, TELL_MS);
    return () => {
      stop();
      clearInterval(timer);
    };
  }, [store]);
  return html`<p class="hidden" role="status" id="announcer">${text}</p>`;
}
