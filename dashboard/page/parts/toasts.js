/**
 * What came of what was asked for.
 *
 * @module
 */

import { html } from "../preact.js";
import { Button } from "./common.js";

/** @typedef {{ id: number, text: string, level: "info" | "error" }} Toast */

/**
 * Those that tell of an error stay until they are closed.
 *
 * @param {{ toasts: readonly Toast[], onClose: (id: number) => void }} props
 */
export function Toasts({ toasts, onClose }) {
  const of = (/** @type {Toast["level"]} */ level) =>
    toasts.filter((toast) => toast.level === level).map(({ id, text }) =>
      html`
        <div class=${`toast ${level}`} key=${id}>
          <i class=${`mark ${
            level === "error" ? "bad" : "good"
          }`} aria-hidden="true">${level === "error" ? "×" : "✓"}</i>
          <span class="grow">${text}</span>
          <${Button} kind="icon" label="Close this message" onPress=${() => onClose(id)}>×<//>
        </div>
      `
    );
  return html`
    <div class="toasts">
      <div role="status">${of("info")}</div>
      <div role="alert">${of("error")}</div>
    </div>
  `;
}
