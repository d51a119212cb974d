/**
 * What everybody has to see: that the connection is lost, and why the unit is not ready.
 *
 * @module
 */

import * as format from "../model/format.js";
import { html } from "../preact.js";
import { useClock, useTopics } from "../store.js";
import { Button } from "./common.js";

/** @typedef {import("./common.js").App} App */

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
