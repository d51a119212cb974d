/**
 * Asks a person before the unit is asked.
 *
 * @module
 */

import { questionOf } from "../model/acts.js";
import { html, useEffect, useRef, useState } from "../preact.js";
import { Button } from "./common.js";

/** @typedef {import("../../words.ts").DashboardAct} Act */

/**
 * @param {{ act: Act | null, onYes: (act: Act) => Promise<void>, onEnd: () => void }} props `act`: what is to be
 * done; `null`: nothing is asked.
 */
export function Question({ act, onYes, onEnd }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    if (act !== null && !ref.current?.open) ref.current?.showModal();
    if (act === null) ref.current?.close();
  }, [act]);
  const question = act && questionOf(act);

  async function yes() {
    if (act === null) return;
    setBusy(true);
    await onYes(act);
    setBusy(false);
    onEnd();
  }

  return html`
    <dialog ref=${ref} aria-labelledby="question-title" aria-describedby="question-text"
      onClose=${onEnd}
      onClick=${(/** @type {MouseEvent} */ { target }) =>
        target === ref.current && ref.current?.close()}>
      ${question
        ? html`
          <div class="question">
            <h2 id="question-title">${question.title}</h2>
            <p id="question-text">${question.text}</p>
            <p class="buttons">
              <${Button} onPress=${() => ref.current?.close()}>Cancel<//>
              <${Button} kind=${question.isDanger
                ? "danger"
                : "primary"} isOff=${isBusy} onPress=${yes}>${question.yes}<//>
            </p>
          </div>
        `
        : null}
    </dialog>
  `;
}
