/**
 * Asks a person before the unit is asked.
 *
 * @module
 */

import { questionOf } from "../model/acts.js";
import { html, useEffect, useRef } from "../preact.js";
import { Button } from "./common.js";

/** @typedef {import("../../words.ts").DashboardAct} Act */

/**
 * `act`: what is to be done; `null`: nothing is asked.
 *
 * @param {{ act: Act | null, onYes: (act: Act) => void, onEnd: () => void }} props
 */
export function Question({ act, onYes, onEnd }) {
  const ref = useRef(/** @type {HTMLDialogElement | null} */ (null));
  const close = () => ref.current?.close();
  useEffect(() => {
    if (act !== null && !ref.current?.open) ref.current?.showModal();
    if (act === null) close();
  }, [act]);
  const question = act && questionOf(act);

  function yes() {
    close();
    if (act !== null) onYes(act);
  }

  const dialog = {
    "aria-labelledby": "question-title",
    "aria-describedby": "question-text",
    onClose: onEnd,
    // Beside it is what is behind it.
    onClick: (/** @type {MouseEvent} */ { target }) => target === ref.current && close(),
  };
  return html`
    <dialog ref=${ref} ...${dialog}>
      ${question && html`
        <div class="question">
          <h2 id="question-title">${question.title}</h2>
          <p id="question-text">${question.text}</p>
          <p class="buttons">
            <${Button} onPress=${close}>Cancel<//>
            <${Button} kind=${question.isDanger ? "danger" : "primary"} onPress=${yes}>
              ${question.yes}
            <//>
          </p>
        </div>
      `}
    </dialog>
  `;
}
