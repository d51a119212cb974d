/**
 * The dashboard: a page that shows a unit as it lives.
 *
 * @module
 */

import { keepFocus } from "./focus.js";
import { Live } from "./live.js";
import { questionOf } from "./model/acts.js";
import { sizeFor } from "./model/grid.js";
import { Announcer } from "./parts/announcer.js";
import { Fleet } from "./parts/fleet.js";
import { Incidents } from "./parts/incidents.js";
import { Identifies, Rest } from "./parts/limits.js";
import { Login } from "./parts/login.js";
import { Notices } from "./parts/notices.js";
import { Places, Workers } from "./parts/places.js";
import { Question } from "./parts/question.js";
import { Resharding } from "./parts/reshard.js";
import { ShardPanel } from "./parts/shard_panel.js";
import { Shards } from "./parts/shards.js";
import { Toasts } from "./parts/toasts.js";
import { TopBar } from "./parts/top_bar.js";
import { Vitals } from "./parts/vitals.js";
import { html, render, useMemo, useState } from "./preact.js";
import { Store, useTopics } from "./store.js";

/** @typedef {import("../words.ts").DashboardAct} Act */
/** @typedef {import("./parts/toasts.js").Toast} Toast */

const TOAST_MS = 6_000;
/** What takes longer is said to be under way. */
const SOON_MS = 500;
let nextToast = 0;

/** @param {{ store: Store, live: Live }} props */
function Page({ store, live }) {
  useTopics(store, "link");
  const [act, setAct] = useState(/** @type {Act | null} */ (null));
  const [toasts, setToasts] = useState(/** @type {readonly Toast[]} */ ([]));
  const close = (/** @type {number} */ id) =>
    setToasts((all) => all.filter((toast) => toast.id !== id));
  // The same from one render to the next: parts that are given it are not drawn again for it.
  const app = useMemo(() => ({ store, live, ask: setAct }), []);

  /**
   * @param {string} text
   * @param {Toast["level"]} level
   * @returns {() => void} Takes it away.
   */
  function toast(text, level) {
    const id = nextToast++;
    setToasts((all) => [...all, { id, text, level }]);
    if (level === "done") setTimeout(() => close(id), TOAST_MS);
    return () => close(id);
  }

  /** @param {Act} asked */
  async function run(asked) {
    const { title, done } = questionOf(asked);
    let end = () => {};
    const soon = setTimeout(() => end = toast(title.replace(/\?$/, "…"), "busy"), SOON_MS);
    try {
      await live.act(asked);
      toast(done, "done");
    } catch (error) {
      toast(error instanceof Error ? error.message : String(error), "error");
    }
    clearTimeout(soon);
    end();
  }

  if (store.link === "login") return html`<${Login} app=${app} />`;
  return html`
    <a class="skip" href="#shards">Skip to the shards</a>
    <${TopBar} app=${app} />
    <main id="main">
      <${Notices} app=${app} />
      ${store.view === null
        ? html`<p class="opening">${store.link === "lost" ? "" : "Connecting…"}</p>`
        : html`
          <${Vitals} app=${app} />
          <${Panels} app=${app} />
        `}
    </main>
    <${ShardPanel} app=${app} />
    <${Question} act=${act} onYes=${run} onEnd=${() => setAct(null)} />
    <${Toasts} toasts=${toasts} onClose=${close} />
    <${Announcer} app=${app} />
  `;
}

/** @param {{ app: import("./parts/common.js").App }} props */
function Panels({ app }) {
  useTopics(app.store, "list");
  // Many shards need the whole width to be seen at once.
  const isMany = sizeFor(app.store.shards.size) === "cell";
  return html`
    <div class=${isMany ? "panels many" : "panels"}>
      <${Shards} app=${app} />
      <div class="column side">
        <${Incidents} app=${app} />
        <${Identifies} app=${app} />
        <${Resharding} app=${app} />
        <${Workers} app=${app} />
        <${Fleet} app=${app} />
      </div>
      <div class="column">
        <${Places} app=${app} />
        <${Rest} app=${app} />
      </div>
    </div>
  `;
}

const store = new Store();
const live = new Live(store);
const place = document.getElementById("page");
if (place !== null) {
  render(html`<${Page} store=${store} live=${live} />`, place);
  keepFocus(place);
}
live.open();
