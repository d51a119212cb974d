/**
 * Who are you?
 *
 * @module
 */

import { html, useEffect, useRef, useState } from "../preact.js";

/** @param {{ app: import("./common.js").App }} props */
export function Login({ app }) {
  const ref = useRef(/** @type {HTMLInputElement | null} */ (null));
  const [problem, setProblem] = useState("");
  const [isBusy, setBusy] = useState(false);
  useEffect(() => ref.current?.focus(), []);

  /** @param {Event} event */
  async function submit(event) {
    event.preventDefault();
    setBusy(true);
    // The same once more is read out once more.
    setProblem("");
    try {
      await app.live.login(ref.current?.value ?? "");
    } catch (error) {
      setProblem(error instanceof Error ? error.message : String(error));
      ref.current?.focus();
      ref.current?.select();
    }
    setBusy(false);
  }

  return html`
    <main class="login" id="main">
      <form class="panel" onSubmit=${submit}>
        <h1>Gatehouse</h1>
        <p class="note">The secret is what <code>REST_AUTHORIZATION</code> is set to.</p>
        <label for="secret">Secret</label>
        <input id="secret" ref=${ref} type="password" autocomplete="current-password" required
          aria-invalid=${problem ? "true" : "false"} aria-describedby="login-problem" />
        <p id="login-problem" class="problem" role="alert">${problem}</p>
        <button class="button primary" type="submit" disabled=${isBusy}>Log in</button>
      </form>
    </main>
  `;
}
