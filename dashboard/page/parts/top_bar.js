/**
 * The bar at the top: which unit, how it is, where to go.
 *
 * @module
 */

import { html, useEffect, useState } from "../preact.js";
import { useTopics } from "../store.js";
import { Button, Word } from "./common.js";

/** @typedef {import("./common.js").App} App */

/** @type {readonly (readonly [string, string])[]} */
const PLACES = [
  ["shards", "Shards"],
  ["incidents", "Incidents"],
  ["clusters", "Clusters"],
  ["rest", "REST"],
  ["identifies", "Identifies"],
  ["reshard", "Reshard"],
  ["fleet", "Fleet"],
];

/** @param {{ app: App }} props */
export function TopBar({ app }) {
  const { store, live } = app;
  useTopics(store, "unit", "link", "fleet");
  const { view, link, needsLogin } = store;
  const unit = view?.unit;
  useEffect(() => {
    const state = link === "lost" ? "not connected" : unit?.isReady ? "ready" : "not ready";
    document.title = `${unit?.name ?? "Gatehouse"}: ${state}`;
  }, [link, unit?.name, unit?.isReady]);
  const places = PLACES.filter(([id]) => id !== "fleet" || view?.fleet);
  const drain = () => app.ask({ method: "drain" });
  const logout = () => live.logout();
  return html`
    <header class="bar-top">
      <div class="bar-inner">
        <h1><span class="logo" aria-hidden="true"></span>${unit?.name ?? "Gatehouse"}</h1>
        <span class="status">
          <${Status} link=${link} isReady=${unit?.isReady} />
          ${unit?.mode === "simulator" && html`<span class="tag">simulator</span>`}
          <small>${unit?.version}</small>
        </span>
        <nav aria-label="Parts of the page">
          ${places.map(([id, name]) => html`<a key=${id} href=${`#${id}`}>${name}</a>`)}
        </nav>
        <div class="tools">
          <${Theme} />
          ${unit && html`<${Button} kind="quiet" onPress=${drain}>Drain…<//>`}
          ${needsLogin && html`<${Button} kind="quiet" onPress=${logout}>Log out<//>`}
        </div>
      </div>
    </header>
  `;
}

/** @param {{ link: import("../store.js").Link, isReady: boolean | undefined }} props */
function Status({ link, isReady }) {
  if (link === "lost") return html`<${Word} tone="bad">Not connected<//>`;
  if (isReady === undefined) return html`<${Word} tone="waiting">Connecting<//>`;
  return html`<${Word} tone=${isReady ? "good" : "bad"}>${isReady ? "Ready" : "Not ready"}<//>`;
}

const THEMES = /** @type {const} */ (["auto", "light", "dark"]);
/** @typedef {typeof THEMES[number]} ThemeName */

/** As the system has it, or as is chosen here; kept in this browser. */
function Theme() {
  const [theme, setTheme] = useState(stored);
  useEffect(() => {
    document.documentElement.dataset["theme"] = theme;
    dispatchEvent(new Event("gatehouse-theme"));
  }, [theme]);
  function next() {
    const name = THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length] ?? "auto";
    store(name);
    setTheme(name);
  }
  const label = `Colours: ${theme}. Press for others`;
  return html`
    <${Button} kind="quiet theme" label=${label} onPress=${next}>
      <span class=${`theme-${theme}`} aria-hidden="true"></span>
      <//>
  `;
}

/**
 * What was chosen last. Browsers that keep nothing for a page throw.
 *
 * @returns {ThemeName}
 */
function stored() {
  try {
    const name = localStorage.getItem("gatehouse-theme");
    return THEMES.find((theme) => theme === name) ?? "auto";
  } catch {
    return "auto";
  }
}

/** @param {string} name */
function store(name) {
  try {
    localStorage.setItem("gatehouse-theme", name);
  } catch {
    // It holds until the page is closed.
  }
}
