/** What a bot's code can reach while it runs, in both isolations: not the token, not the disk, nobody. */

import assert from "node:assert/strict";
import type { RunningCluster, StartClusterOptions } from "../../clusters/place.ts";
import { startProcess } from "../../clusters/process.ts";
import { startThread } from "../../clusters/worker.ts";
import { compiledCommand } from "../../clusters/command.ts";
import { standIn } from "../support/compiled.ts";
import { withUnit } from "../support/cluster_bench.ts";
import type { Targets } from "../support/escaping_bot.ts";

const BOT = new URL("../support/escaping_bot.ts", import.meta.url).href;
const SECRET = "the-token-in-a-file";

/** What the escaping bot says of each try, and what was asked of who collects secrets. */
async function tried(
  start: (options: StartClusterOptions) => RunningCluster,
  isRegistry: boolean,
): Promise<[Record<string, string>, string[]]> {
  const asked: string[] = [];
  const collector = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, ({ url }) => {
    asked.push(url);
    return new Response(null, { status: 404 });
  });
  const dir = Deno.makeTempDirSync();
  Deno.writeTextFileSync(`${dir}/.env`, SECRET);
  const url = `http://127.0.0.1:${collector.addr.port}`;
  const targets: Targets = { env: `${dir}/.env`, temporary: dir, collector: url, isRegistry };
  let told: unknown;
  try {
    await withUnit(async ({ options, say }) => {
      const heard = Promise.withResolvers<void>();
      const log: StartClusterOptions["log"] = {
        ...options.log,
        info(event, fields) {
          if (event !== "tried") return;
          told = fields!.tried;
          heard.resolve();
        },
      };
      const env = { ...options.env, NPM_CONFIG_REGISTRY: url };
      const cluster = start({ ...options, log, env, botModule: BOT });
      say(1, JSON.stringify(targets));
      await Promise.race([heard.promise, cluster.exited.then((exit) => assert.fail(exit.reason))]);
      await cluster.stop(5_000);
    });
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), [".env"]);
  } finally {
    await collector.shutdown();
    Deno.removeSync(dir, { recursive: true });
  }
  return [told as Record<string, string>, asked];
}

const got = (tried: Record<string, string>) =>
  Object.entries(tried).filter(([, what]) => what.startsWith("got")).map(([name]) => name);

Deno.test("the code of a process reaches no secret, no disk and no host, however it asks", async () => {
  const [told, asked] = await tried(startProcess, true);
  assert.deepEqual(got(told), [], Deno.inspect(told));
  assert.deepEqual(asked, []);
  assert.ok(!JSON.stringify(told).includes(SECRET));
});

Deno.test("the code of a thread reaches no secret and no host; what it keeps, the docs say", async () => {
  const [told, asked] = await tried(startThread, false);
  assert.deepEqual(got(told), ["write: the Cache API of a thread"], Deno.inspect(told));
  assert.deepEqual(asked, []);
  assert.ok(!JSON.stringify(told).includes(SECRET));
});

Deno.test("the code of a cluster of an executable reaches no host, and no disk but by imports", async () => {
  const dir = Deno.realPathSync(Deno.makeTempDirSync());
  const { args } = standIn(dir);
  // That Deno, which stands in for the executable, asks a registry for our packages is no doing of the bot.
  const [told] = await tried((options) => {
    const command = compiledCommand(options);
    return startProcess(options, { ...command, args: [...args, ...command.args] });
  }, false);
  assert.deepEqual(got(told), [], Deno.inspect(told));
  Deno.removeSync(dir, { recursive: true });
});
