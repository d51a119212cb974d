/**
 * What is read out: what happens, once in a while, and that the unit is reached again.
 *
 * @module
 */

import { Announcements } from "../model/announce.js";
import { html, useEffect, useState } from "../preact.js";

/** How often a screen reader is told of changes. */
const TELL_MS = 10_000;

/** @param {{ app: import("./common.js").App }} props */
export function Announcer({ app: { store } }) {
  const [{ text, times }, setSaid] = useState({ text: "", times: 0 });
  useEffect(() => {
    const announcements = new Announcements();
    const shards = () => [...store.shards.values()];
    let wasLost = false;
    const meet = () => store.view && announcements.meet(shards(), store.view.incidents);
    const lose = () => wasLost ||= store.link === "lost";
    function tell() {
      const isBack = wasLost && store.link === "live";
      if (isBack) wasLost = false;
      const said = announcements.next(shards(), store.view?.incidents ?? []);
      const text = [isBack ? "Connected again." : "", said].filter(Boolean).join(" ");
      setSaid(({ times }) => ({ text, times: times + 1 }));
    }
    meet();
    const stops = [store.on("list", meet), store.on("link", lose)];
    const timer = setInterval(tell, TELL_MS);
    return () => {
      stops.forEach((stop) => stop());
      clearInterval(timer);
    };
  }, [store]);
  // An element of its own each time: what is said twice with the same words is read out twice.
  return html`
    <p class="hidden" role="status" id="announcer">${text &&
      html`<span key=${times}>${text}</span>`}</p>
  `;
}
