/** `gatehouse doctor` as somebody runs it. */

import assert from "node:assert/strict";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { LACKS_TERMINAL, onTerminal } from "../support/on_terminal.ts";

const KEPT = ["DENO_DIR", "HOME", "PATH"].flatMap((name) => {
  const value = Deno.env.get(name);
  return value === undefined ? [] : [[name, value] as const];
});

async function doctor(args: readonly string[], settings: Readonly<Record<string, string>>) {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "--no-prompt", "-A", "mod.ts", "doctor", ...args],
    env: { ...Object.fromEntries(KEPT), ...settings },
    clearEnv: true,
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

Deno.test("with nothing set doctor says that it would play, and what to set", async () => {
  const { code, out, err } = await doctor([], { LISTEN_PORT: "" });
  // Somebody may listen at the usual port just now.
  assert.equal(code, /✗ port /.test(out) ? 1 : 0, err);
  assert.match(
    out,
    /✓ settings .*nothing is set: a start would play against the embedded simulator/,
  );
  assert.match(out, /→ for Discord set DISCORD_TOKEN/);
  assert.ok(!out.includes("\x1b"));
});

Deno.test("doctor finds all that is wrong, tells no secret, and fails; what it looked at is as before", async () => {
  const sim = createSimulator({
    shards: 2,
    guilds: 6_000,
    membersPerGuild: 0,
    channelsPerGuild: 1,
    privilegedIntents: 0,
  });
  const server = serveSimulator(sim);
  const dir = await Deno.makeTempDir();
  const busy = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { code, out } = await doctor(["--json"], {
    DISCORD_TOKEN: sim.settings.token,
    DISCORD_API_URL: server.apiUrl,
    INTENTS: "GUILDS,GUILD_MEMBERS",
    STATE_DIR: `${dir}/state`,
    LISTEN_PORT: String(busy.addr.port),
    BOT_MODULE: `${dir}/bot.ts`,
    REST_AUTHORIZATION: "a-short-one",
  });
  busy.close();
  await server.close();
  assert.equal(out.indexOf("\n"), out.length - 1, "a script reads one line");
  const { ok, findings } = JSON.parse(out) as {
    ok: boolean;
    findings: { check: string; verdict: string; found: string; advice: string | null }[];
  };
  assert.deepEqual([code, ok], [1, false]);
  const failed = findings.filter(({ verdict }) => verdict === "fail");
  assert.deepEqual(failed.map(({ check }) => check), ["port", "intents", "shards", "bot"]);
  assert.ok(failed.every(({ advice }) => advice));
  assert.doesNotMatch(out, new RegExp(`${sim.settings.token}|a-short-one`));
  assert.deepEqual(sim.ledger.identifies, []);
  assert.deepEqual([...Deno.readDirSync(dir)], []);
  await Deno.remove(dir, { recursive: true });
});

Deno.test("doctor tells every setting that is wrong, and fails", async () => {
  const { code, out } = await doctor([], {
    DISCORD_TOKEN: "t",
    TOTAL_SHARDS: "x",
    LISTEN_PORT: "-1",
  });
  assert.equal(code, 1);
  for (const name of ["TOTAL_SHARDS", "LISTEN_PORT"]) {
    assert.match(out, new RegExp(`✗ settings +${name}: expected`));
  }
  assert.match(out, /mend what failed before you start/);
});

Deno.test({
  name: "doctor on a terminal says that it looks, clears that line, and prints JSON without it" +
    (LACKS_TERMINAL === null ? "" : `: SKIPPED, ${LACKS_TERMINAL}`),
  ignore: LACKS_TERMINAL !== null,
  fn: async () => {
    const env = { ...Object.fromEntries(KEPT), LISTEN_PORT: "0", NO_COLOR: "1" };
    const drawn = async (...args: string[]) => {
      const argv = [
        Deno.execPath(),
        "run",
        "--quiet",
        "--no-prompt",
        "-A",
        "mod.ts",
        "doctor",
        ...args,
      ];
      const terminal = onTerminal(argv, env);
      assert.deepEqual(await terminal.ended, { code: 0, restored: true }, terminal.output());
      return terminal.output();
    };
    const list = await drawn("--simulator");
    assert.ok(
      list.startsWith("Looking at everything that a start needs …\r\x1b[Ksettings\r\n"),
      list,
    );

    const json = await drawn("--simulator", "--json");
    assert.ok(json.startsWith('{\r\n  "ok": true,'), json);
  },
});
