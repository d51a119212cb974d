/** A unit takes its connections from a socket that who starts it holds open. */

import assert from "node:assert/strict";
import { holdPort } from "../support/held_port.ts";
import { startUnit } from "../support/unit_process.ts";

/** Discord does not answer: what is looked at here comes before it is asked. */
const SETTINGS = { DISCORD_TOKEN: "the.bot.token", DISCORD_API_URL: "http://127.0.0.1:9/api/v10" };

// How a socket is handed on we know of Linux.
const ignore = Deno.build.os !== "linux";

Deno.test({
  name: "who comes while there is no unit waits in the socket of LISTEN_FD, whoever had it before",
  ignore,
  fn: async () => {
    using held = holdPort();
    const STATE_DIR = Deno.makeTempDirSync();
    for (const signal of ["SIGTERM", "SIGKILL"] as const) {
      const patience = AbortSignal.timeout(20_000);
      const answer = fetch(`http://127.0.0.1:${held.port}/healthz`, { signal: patience });
      const unit = await startUnit({ ...SETTINGS, STATE_DIR }, { held });
      assert.equal(await (await answer).text(), "ok\n");
      assert.equal(await unit.url(), `http://127.0.0.1:${held.port}`);
      await unit.end(signal);
    }
    Deno.removeSync(STATE_DIR, { recursive: true });
  },
});

Deno.test({
  name: "a unit refuses a socket that does not listen where the settings say",
  ignore,
  fn: async () => {
    using held = holdPort();
    const STATE_DIR = Deno.makeTempDirSync();
    const elsewhere = { LISTEN_HOST: "0.0.0.0", REST_AUTHORIZATION: "a.secret.of.some.length" };
    const unit = await startUnit({ ...SETTINGS, STATE_DIR, ...elsewhere }, { held });
    assert.equal(await unit.exited, 1);
    Deno.removeSync(STATE_DIR, { recursive: true });
    const [told] = unit.lines.filter(({ level }) => level === "ERROR");
    assert.match(
      told!.message,
      new RegExp(
        `Cannot listen on the socket of LISTEN_FD 3: it listens on 127.0.0.1:${held.port}, expected ` +
          `0.0.0.0:${held.port}; hand over a socket`,
      ),
    );
  },
});

Deno.test({
  name: "a unit refuses a descriptor that is no socket",
  ignore,
  fn: async () => {
    const STATE_DIR = Deno.makeTempDirSync();
    const unit = await startUnit({ ...SETTINGS, STATE_DIR, LISTEN_FD: "900" });
    assert.equal(await unit.exited, 1);
    Deno.removeSync(STATE_DIR, { recursive: true });
    const [told] = unit.lines.filter(({ level }) => level === "ERROR");
    assert.match(
      told!.message,
      /^Cannot listen on the socket of LISTEN_FD 900: .*; hand over a socket/,
    );
  },
});
