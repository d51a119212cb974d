/**
 * The section of shards: how many are in which state, which are looked for, and the grid or the table of them.
 *
 * @module
 */

import { FILTER_HELP, filterOf } from "../model/filter.js";
import * as format from "../model/format.js";
import { sizeFor } from "../model/grid.js";
import { byRole, byState, MEASURES, troubles } from "../model/shards.js";
import { html, useEffect, useMemo, useRef, useState } from "../preact.js";
import { useTopics } from "../store.js";
import { Section, StateMark } from "./common.js";
import { ShardGrid } from "./shard_grid.js";
import { ShardTable } from "./shard_table.js";

/** @typedef {import("./common.js").App} App */
/** @typedef {import("../model/shards.js").Measure} Measure */
/** @typedef {import("../../../protocol/status.ts").ShardState} ShardState */

/** @param {{ app: App }} props */
export function Shards({ app }) {
  const { store } = app;
  useTopics(store, "shards", "list", "unit");
  const [typed, setTyped] = useState("");
  const [picked, setPicked] = useState(/** @type {readonly ShardState[]} */ ([]));
  const [measure, setMeasure] = useState(/** @type {Measure} */ ("guilds"));
  const [view, setView] = useState(/** @type {"grid" | "table"} */ ("grid"));
  const all = store.shards.size;
  // Few shards say everything at once: there is nothing to look for.
  const isFew = sizeFor(all) === "card";
  const keys = useShown(app, isFew ? "" : typed, isFew ? [] : picked);
  const groups = useMemo(() => groupsOf(keys), [keys]);
  const nothing = all === 0 ? "No shard has started yet." : "No shard is like that.";
  const shown = keys.length === all
    ? format.count(all)
    : `${format.count(keys.length)} of ${format.count(all)}`;
  const size = sizeFor(keys.length);
  // What somebody looks for is told; what shards do meanwhile would be told every second.
  const isSought = typed !== "" || picked.length > 0;
  const found = useMemo(
    () => isSought ? `${format.count(keys.length)} of ${format.counted(all, "shard")} found` : "",
    [typed, picked],
  );
  const tools = html`
    ${isFew || html`<${Filter} typed=${typed} onType=${setTyped} />`}
    ${view === "grid" && size !== "card" &&
      html`<${Choice} label="Shade by" value=${measure} options=${BARS} onChoose=${setMeasure} />`}
    <${Choice} label="View" value=${view} options=${VIEWS} onChoose=${setView} />
  `;
  return html`
    <${Section} id="shards" title="Shards" note=${shown} tools=${tools}>
      ${isFew ||
        html`<${Chips} ...${{ store, picked, typed, onPick: setPicked, onType: setTyped }} />`}
      <p class="hidden" role="status">${found}</p>
      ${keys.length === 0 && html`<p class="empty">${nothing}</p>`}
      ${view === "table" && keys.length > 0 && html`<${ShardTable} app=${app} keys=${keys} />`}
      ${view === "grid" && groups.map(([total, group]) => {
        const title = groups.length > 1 ? `Of ${total}` : "";
        const props = { app, keys: group, size, measure };
        const doing = title && byRole(group.flatMap((key) => store.shards.get(key) ?? []));
        return html`
          <div key=${total}>
            ${title && html`<h3>${title}: ${doing}</h3>`}
            <${ShardGrid} ...${props} label=${`Shards ${title}`.trim()} />
          </div>
        `;
      })}
    <//>
  `;
}

/**
 * How many are in which state; one that is pressed shows only those.
 *
 * @param {{
 *   store: import("../store.js").Store,
 *   picked: readonly ShardState[],
 *   onPick: (picked: readonly ShardState[]) => void,
 *   typed: string,
 *   onType: (typed: string) => void,
 * }} props
 */
function Chips({ store, picked, onPick, typed, onType }) {
  const all = [...store.shards.values()];
  const limit = store.view?.unit.guildLimit;
  const troubled = limit ? all.filter((shard) => troubles(shard, limit).length > 0).length : 0;
  const isTrouble = typed === "trouble";
  return html`
    <div class="chips" role="group" aria-label="Show only shards that are">
      ${byState(all).map(({ state, count }) => {
        const press = () => onPick(toggled(picked, state));
        return html`
          <${Chip} key=${state} isOn=${picked.includes(state)} count=${count} onPress=${press}>
            <${StateMark} state=${state} />${state}
          <//>
        `;
      })}
      ${troubled > 0 && html`
        <${Chip} isOn=${isTrouble} count=${troubled} onPress=${() =>
          onType(isTrouble ? "" : "trouble")}>
          <i class="mark care" aria-hidden="true"></i>in trouble
        <//>
      `}
    </div>
  `;
}

/**
 * @param {readonly ShardState[]} picked
 * @param {ShardState} state
 */
function toggled(picked, state) {
  return picked.includes(state) ? picked.filter((each) => each !== state) : [...picked, state];
}

/** @param {{ isOn: boolean, count: number, onPress: () => void, children?: import("./common.js").Node }} props */
function Chip({ isOn, count, onPress, children }) {
  return html`
    <button type="button" class="chip" aria-pressed=${isOn ? "true" : "false"} onClick=${onPress}>
      ${children}<b>${format.count(count)}</b>
    </button>
  `;
}

const BARS = Object.entries(MEASURES).map(([value, { label }]) => ({ value, label }));
const VIEWS = [{ value: "grid", label: "Grid" }, { value: "table", label: "Table" }];

/**
 * Keys of the shards that are shown: the same array as long as they are the same.
 *
 * @param {App} app
 * @param {string} typed
 * @param {readonly ShardState[]} picked
 */
function useShown({ store }, typed, picked) {
  const last = useRef(/** @type {readonly string[]} */ ([]));
  const test = useMemo(() => filterOf(typed), [typed]);
  const limit = store.view?.unit.guildLimit;
  const keys = [...store.shards.values()].filter((shard) =>
    (picked.length === 0 || picked.includes(shard.state)) &&
    (test === null || limit === undefined || test(shard, limit))
  ).map(({ key }) => key);
  const isSame = keys.length === last.current.length &&
    keys.every((key, at) => key === last.current[at]);
  if (!isSame) last.current = keys;
  return last.current;
}

/**
 * Shards of different totals are not of one grid.
 *
 * @param {readonly string[]} keys
 */
function groupsOf(keys) {
  return [...Map.groupBy(keys, (key) => key.split("/")[1] ?? "")];
}

/** From the filter to what it found. */
function focusFirst() {
  const found = document.querySelector('[role="grid"] [data-key], .shard-table .link');
  if (found instanceof HTMLElement) found.focus();
}

/** @param {{ typed: string, onType: (typed: string) => void }} props */
function Filter({ typed, onType }) {
  const ref = useRef(/** @type {HTMLInputElement | null} */ (null));
  useEffect(() => {
    /** @param {KeyboardEvent} event */
    function press(event) {
      const { target } = event;
      const isTyping = target instanceof HTMLElement &&
        target.matches("input, textarea, select, dialog *");
      if (event.key !== "/" || isTyping || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      ref.current?.focus();
    }
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  const type = () => onType(ref.current?.value ?? "");
  /** @param {KeyboardEvent} event */
  function pressInside({ key }) {
    if (key === "Escape") onType("");
    if (key === "Enter") focusFirst();
  }
  const input = {
    type: "search",
    value: typed,
    placeholder: "Filter: 12, 40-63, guild id",
    title: FILTER_HELP,
    autocomplete: "off",
    spellcheck: false,
    onInput: type,
    onKeyDown: pressInside,
  };
  return html`
    <label class="filter">
      <span class="hidden">Filter shards. ${FILTER_HELP}</span>
      <input ref=${ref} ...${input} />
      <kbd aria-hidden="true">/</kbd>
    </label>
  `;
}

/**
 * One of a few.
 *
 * @template {string} Value
 * @param {{ label: string, value: Value, options: readonly { value: Value, label: string }[], onChoose: (value: Value) => void }} props
 */
function Choice({ label, value, options, onChoose }) {
  return html`
    <div class="choice" role="radiogroup" aria-label=${label}>
      ${options.map((option) => {
        const isIt = option.value === value;
        const choose = () => onChoose(option.value);
        return html`
          <label key=${option.value}>
            <input type="radio" name=${label} checked=${isIt} onChange=${choose} />
            <span>${option.label}</span>
          </label>
        `;
      })}
    </div>
  `;
}
