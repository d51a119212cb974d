/**
 * The units of the fleet.
 *
 * @module
 */

import * as format from "../model/format.js";
import { html } from "../preact.js";
import { useTopics } from "../store.js";
import { Section, Word } from "./common.js";

/** @param {{ app: import("./common.js").App }} props */
export function Fleet({ app: { store } }) {
  useTopics(store, "fleet");
  const fleet = store.view?.fleet;
  if (!fleet) return null;
  const { self, leader, units, moves, unowned, taking, giving, cutOffSinceMs, isJoined, warnings } =
    fleet;
  const most = Math.max(1, ...units.map(({ shards }) => shards));
  const { counted } = format;
  const doing = [
    isJoined ? "" : "this unit is joining",
    moves > 0 ? `${counted(moves, "shard")} to move` : "",
    taking > 0 ? `${counted(taking, "shard")} are taken up here` : "",
    giving > 0 ? `${counted(giving, "shard")} are given away` : "",
    unowned > 0 ? `${counted(unowned, "shard")} of nobody's` : "",
  ].filter(Boolean).join(", ");
  const cutOff = cutOffSinceMs === null ? "" : format.span(store.nowMs() - cutOffSinceMs);
  return html`
    <${Section} id="fleet" title="Fleet" note=${counted(units.length, "unit")}>
      ${cutOff
        ? html`<p class="notice bad">This unit is cut off from the others for ${cutOff}.</p>`
        : null}
      <ul class="list">
        ${units.map((unit) => {
          const is = [unit.unit === self ? "here" : "", unit.unit === leader ? "leads" : ""];
          return html`<${Unit} key=${unit.unit} unit=${unit} is=${is} most=${most} />`;
        })}
      </ul>
      ${doing ? html`<p class="note">${doing}.</p>` : null}
      ${warnings.map((text) => html`<p class="notice warn" key=${text}>${text}</p>`)}
    <//>
  `;
}

/** @param {{ unit: import("../../../protocol/status.ts").FleetUnit, is: string[], most: number }} props */
function Unit({ unit: { unit, isAlive, shards }, is, most }) {
  const word = isAlive ? "alive" : "not heard of";
  const label = `Shards of ${unit}`;
  return html`
    <li>
      <b>${unit}</b>
      <span class="grow">
        <${Word} tone=${isAlive ? "good" : "bad"}>${word}<//>
        <small>${is.filter(Boolean).join(", ")}</small>
      </span>
      <meter min="0" max=${most} value=${shards} aria-label=${label}></meter>
      <span class="number">${format.counted(shards, "shard")}</span>
    </li>
  `;
}
