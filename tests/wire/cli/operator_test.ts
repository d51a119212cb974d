/** The command line as an operator uses it: in the folder of a unit that runs, with a secret, and from elsewhere. */

import assert from "node:assert/strict";
import { EXIT } from "../../../app/cli/exit.ts";
import { folderWith, launcherCommand, startLaunched } from "../../support/launched.ts";

const SECRET = "what-an-operator-shows";

async function gatehouse(cwd: string, args: readonly string[], env: Record<string, string> = {}) {
  const { code, stdout, stderr } = await launcherCommand(cwd, args, env).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: text(stdout), err: text(stderr) };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

/** A unit against the simulator in a folder of its own, and a folder that knows nothing of it. */
async function withUnit(body: (folder: string, elsewhere: string, url: string) => Promise<void>) {
  const port = freePort();
  const folder = folderWith({
    ".env": `LISTEN_PORT=${port}\nREST_AUTHORIZATION=${SECRET}\nTOTAL_SHARDS=2`,
  });
  const elsewhere = folderWith({});
  const unit = startLaunched(folder, ["demo"]);
  try {
    await unit.ready();
    await body(folder, elsewhere, `http://127.0.0.1:${port}`);
  } finally {
    await unit.end("SIGTERM");
    for (const each of [folder, elsewhere]) Deno.removeSync(each, { recursive: true });
  }
}

Deno.test("in a unit's folder no option is needed; from elsewhere its address and its secret", () =>
  withUnit(async (folder, elsewhere, url) => {
    const own = await gatehouse(folder, ["status", "--check"]);
    assert.equal(own.code, EXIT.OK, own.err);
    assert.match(own.out, /against the simulator · ready\n/);
    assert.match(own.out, /^cluster 0 +connected +0 +0-1$/m);
    const { ready, totalShards } = JSON.parse((await gatehouse(folder, ["status", "--json"])).out);
    assert.deepEqual([ready, totalShards], [true, 2]);

    const nobody = await gatehouse(elsewhere, ["status"], { LISTEN_PORT: String(freePort()) });
    assert.equal(nobody.code, EXIT.UNREACHABLE, nobody.err);
    const unshown = await gatehouse(elsewhere, ["status", "--url", url]);
    assert.equal(unshown.code, EXIT.DENIED, unshown.err);
    const wrong = await gatehouse(
      elsewhere,
      ["status", "--url", url, "--secret-from-env", "MINE"],
      {
        MINE: "a guess",
      },
    );
    assert.equal(wrong.code, EXIT.DENIED);
    const shown = ["status", "--url", url, "--secret-from-env", "MINE"];
    const right = await gatehouse(elsewhere, shown, { MINE: SECRET });
    assert.equal(right.code, EXIT.OK, right.err);
    for (const run of [own, nobody, unshown, wrong, right]) {
      assert.ok(!`${run.out}${run.err}`.includes(SECRET), "no secret is printed");
    }
  }));

Deno.test("the bot is restarted, and the unit resharded, from the command line", () =>
  withUnit(async (folder) => {
    const restarted = await gatehouse(folder, ["restart"]);
    assert.equal(restarted.code, EXIT.OK, restarted.err);
    assert.match(restarted.out, /^cluster 0 is connected again, after/);
    const all = await gatehouse(folder, ["restart", "--all", "--json"]);
    assert.equal(JSON.parse(all.out).restarted, "all clusters");

    const begun = await gatehouse(folder, ["reshard", "4"]);
    assert.equal(begun.code, EXIT.OK, begun.err);
    assert.match(
      begun.out,
      /^The reshard from 2 to 4 shards begins: 2 lots of guilds, 4 identifies/,
    );
    const twice = await gatehouse(folder, ["reshard", "8"]);
    assert.equal(twice.code, EXIT.REFUSED);
    assert.match(twice.err, /wait for its end, or cancel it/);
    const paused = await gatehouse(folder, ["reshard", "pause", "--json"]);
    assert.equal(JSON.parse(paused.out).state, "paused");
    const back = await gatehouse(folder, ["reshard", "cancel", "--watch"]);
    assert.equal(back.code, EXIT.OK, back.err);
    assert.match(back.out, /The reshard from 2 to 4 shards is cancelled/);
    const { ready } = JSON.parse((await gatehouse(folder, ["status", "--json"])).out);
    assert.equal(ready, true);
  }));

Deno.test("bench and soak pass on what they are told, from any folder, and end as those do", async () => {
  const elsewhere = folderWith({});
  const bench = await gatehouse(elsewhere, ["bench", "nonesuch"]);
  assert.equal(bench.code, EXIT.USAGE, bench.err);
  assert.match(bench.err, /Cannot run nonesuch: the benchmarks are socket,/);
  const one = await gatehouse(elsewhere, ["bench", "envelope"]);
  assert.equal(one.code, EXIT.OK, one.err);
  assert.match(one.out, /^## envelope \(1 of 1\)$[^]*^\| GUILD_CREATE 500 KB +\|/m);
  const soak = await gatehouse(elsewhere, ["soak", "soon"]);
  assert.equal(soak.code, EXIT.USAGE, soak.err);
  assert.match(soak.err, /'soon' .*Expected minutes, as a number/);
  Deno.removeSync(elsewhere, { recursive: true });
});
