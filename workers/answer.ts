/**
 * Answers to the main thread's questions, whatever becomes of the work.
 *
 * @module
 */

import { GatehouseError, messageOf } from "../protocol/errors.ts";
import type { FromWorker, Reply } from "../protocol/worker_message.ts";

/** Does `work` and says by `NONCE_REPLY` what came of it: its value, or the code of its error. */
export function answer(
  post: (message: FromWorker) => void,
  nonce: number,
  work: () => unknown,
): void {
  const reply = (reply: Reply) => post({ type: "NONCE_REPLY", nonce, reply });
  const fail = (error: unknown) => {
    const code = error instanceof GatehouseError ? error.code : "refused";
    reply({ ok: false, code, message: messageOf(error) });
  };
  try {
    Promise.resolve(work()).then((value) => reply({ ok: true, value }), fail);
  } catch (error) {
    fail(error);
  }
}
