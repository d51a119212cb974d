/** `examples/fleet/`, as its reader runs it. */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { SETTING_NAMES } from "../../../config/config.ts";
import { fleetTest } from "../../support/fleet/processes.ts";
import { until } from "../../support/unit_process.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;
const FOLDER = `${ROOT}examples/fleet/`;
const LONG_MS = 120_000;

fleetTest(
  "deno task fleet starts three units, and the others take over from one that is killed",
  async () => {
    const child = new Deno.Command(Deno.execPath(), {
      args: ["task", "-q", "fleet"],
      cwd: ROOT,
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    let said = "";
    const reading = Promise.all([child.stdout, child.stderr].map(async (stream) => {
      for await (const text of stream.pipeThrough(new TextDecoderStream())) said += text;
    }));
    const input = child.stdin.getWriter();
    const type = (line: string) => input.write(new TextEncoder().encode(`${line}\n`));
    const comes = (sign: RegExp) => until(() => sign.test(said), LONG_MS, () => said);
    try {
      await comes(/\n {2}a: [\d ]+\n {2}b: [\d ]+\n {2}c: [\d ]+\nall shards are up/);
      await type("kill b");
      await comes(/unit b has ended: SIGKILL[^]*\n {2}a: [\d ]+\n {2}c: [\d ]+\nall shards are up/);
    } finally {
      await type("quit");
      await child.status;
      await reading;
      await input.close().catch(() => {});
    }
  },
);

Deno.test("the compose file of the example is of one mind with its program", async () => {
  const file = parse(await Deno.readTextFile(`${FOLDER}compose.yaml`), { merge: true });
  const program = await Deno.readTextFile(`${FOLDER}main.ts`);
  const { nats, discord, ...units } = file.services;
  assert.deepEqual(Object.keys(units), ["a", "b", "c"]);
  const settings: ReadonlySet<string> = new Set(SETTING_NAMES);
  for (const [at, [name, unit]] of Object.entries<typeof units.a>(units).entries()) {
    const { environment } = unit;
    assert.deepEqual(Object.keys(environment).filter((each) => !settings.has(each)), []);
    assert.equal(environment.UNIT_NAME, name);
    assert.equal(environment.LISTEN_PORT, String(8801 + at));
    assert.equal(environment.NATS_URL, `nats://127.0.0.1:${nats.command[3]}`);
    assert.ok(discord.command.includes(environment.DISCORD_TOKEN));
    assert.ok(program.includes(environment.DISCORD_TOKEN));
    assert.deepEqual(unit.command, ["task", "-q", "start"]);
  }
  assert.ok(program.includes(`NATS_PORT = ${nats.command[3]}`));
  assert.ok(
    program.includes(`SHARDS = ${discord.command[discord.command.indexOf("--shards") + 1]}`),
  );
});
