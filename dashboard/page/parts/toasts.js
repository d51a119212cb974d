/**
 * What came of what was asked for.
 *
 * @module
 */

import { html } from "../preact.js";
import { Button } from "./common.js";

/** @typedef {{ id: number, text: string, level: "busy" | "done" | "error" }} Toast */

const MARKS = /** @type {const} */ ({
  busy: { tone: "moving", letter: "…" },
  done: { tone: "good", letter: "✓" },
  error: { tone: "bad", letter: "×" },
});

/**
 * Those that tell of an error stay until they are closed.
 *
 * @param {{ toasts: readonly Toast[], onClose: (id: number) => void }} props
 */
export function Toasts({ toasts, onClose }) {
  const show = (/** @type {Toast} */ toast) =>
    html`<${Line} key=${toast.id} toast=${toast} onClose=${onClose} />`;
  return html`
    <div class="toasts">
      <div role="status">${toasts.filter(({ level }) => level !== "error").map(show)}</div>
      <div role="alert">${toasts.filter(({ level }) => level === "error").map(show)}</div>
    </div>
  `;
}

/** @param {{ toast: Toast, onClose: (id: number) => void }} props */
function Line({ toast: { id, text, level }, onClose }) {
  const { tone, letter } = MARKS[level];
  return html`
    <div class=${`toast ${level}`}>
      <i class=${`mark ${tone}`} aria-hidden="true">${letter}</i>
      <span class="grow">${text}</span>
      <${Button} kind="icon" label="Close this message" onPress=${() => onClose(id)}>×<//>
    </div>
  `;
}
