/** Prometheus itself scrapes a unit, and is asked what the dashboard and the alerts ask. */

import assert from "node:assert/strict";
import { parse } from "yaml";
import { createSimulator, serveSimulator } from "../../sim/mod.ts";
import { expressionsOf, rulesOf } from "../support/monitoring.ts";
import { startUnit, until } from "../support/unit_process.ts";

const TESTS = "tests/support/alerts_tests.yaml";

/** Whether a program is here. */
function isHere(program: string): boolean {
  try {
    return new Deno.Command(program, { args: ["--version"], stdout: "null", stderr: "null" })
      .outputSync().success;
  } catch {
    return false;
  }
}

const isPromtoolHere = isHere("promtool");
const withPromtool = isPromtoolHere ? Deno.test : Deno.test.ignore;
const suffix = isPromtoolHere ? "" : " (no promtool)";

async function promtool(args: string[], input?: string): Promise<void> {
  const child = new Deno.Command("promtool", {
    args,
    stdin: "piped",
    stdout: "piped",
    stderr: "piped",
  }).spawn();
  const writer = child.stdin.getWriter();
  if (input !== undefined) await writer.write(new TextEncoder().encode(input));
  await writer.close();
  const { success, stdout, stderr } = await child.output();
  const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
  assert.ok(success, said);
}

withPromtool(`promtool takes the alerts${suffix}`, async () => {
  await promtool(["check", "rules", "docs/alerts.yaml"]);
});

withPromtool(`the alerts wake somebody when they are to, and nobody else${suffix}`, async () => {
  await promtool(["test", "rules", TESTS]);
});

/** Prometheus, which scrapes one unit each second. */
async function scraping(target: string) {
  const folder = await Deno.makeTempDir();
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr;
  listener.close();
  await Deno.writeTextFile(
    `${folder}/prometheus.yml`,
    JSON.stringify({
      global: { scrape_interval: "1s", evaluation_interval: "1s" },
      rule_files: [await Deno.realPath("docs/alerts.yaml")],
      scrape_configs: [{ job_name: "gatehouse", static_configs: [{ targets: [target] }] }],
    }),
  );
  const child = new Deno.Command("prometheus", {
    args: [
      `--config.file=${folder}/prometheus.yml`,
      `--storage.tsdb.path=${folder}/data`,
      `--web.listen-address=127.0.0.1:${port}`,
    ],
    stdout: "null",
    stderr: "null",
  }).spawn();
  const get = async (path: string) =>
    await (await fetch(`http://127.0.0.1:${port}/api/v1/${path}`)).json();
  return {
    get,
    /** The series that an expression gives now. */
    async ask(expr: string): Promise<{ value: [number, string] }[]> {
      const answer = await get(`query?query=${encodeURIComponent(expr)}`);
      assert.equal(answer.status, "success", `${expr}: ${answer.error}`);
      return answer.data.result;
    },
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

const areBothHere = isPromtoolHere && isHere("prometheus");
const title = "Prometheus reads a unit, and every question of the dashboard and the alerts";

(areBothHere ? Deno.test : Deno.test.ignore)(
  `${title}${areBothHere ? "" : " (no prometheus)"}`,
  async () => {
    const sim = createSimulator({ shards: 2, guilds: 4, heartbeatIntervalMs: 1_000 });
    const discord = serveSimulator(sim);
    const folder = await Deno.makeTempDir();
    const unit = await startUnit({
      DISCORD_TOKEN: sim.settings.token,
      DISCORD_API_URL: discord.apiUrl,
      BOT_MODULE: "examples/bot.ts",
      LISTEN_PORT: "0",
      STATE_DIR: folder,
    });
    try {
      await unit.ready();
      const url = await unit.url();
      await promtool(["check", "metrics"], await (await fetch(`${url}/metrics`)).text());
      await using prometheus = await scraping(new URL(url).host);
      const { ask, get } = prometheus;
      await until(
        async () => (await ask("count_over_time(up[30s]) >= 4").catch(() => [])).length > 0,
        30_000,
        () => "it scraped nothing",
      );
      const { data } = await get("targets");
      const [target] = data.activeTargets;
      assert.deepEqual([target.health, target.lastError], ["up", ""]);

      const empty: string[] = [];
      for (const { title, expr } of expressionsOf(await dashboard())) {
        if ((await ask(filled(expr))).length === 0) empty.push(title);
      }
      // A unit by itself has no fleet, and nothing went wrong.
      assert.deepEqual([...new Set(empty)].sort(), EMPTY);

      const rules = rulesOf(parse(await Deno.readTextFile("docs/alerts.yaml")));
      const firing: string[] = [];
      for (const { alert, expr } of rules) if ((await ask(expr)).length > 0) firing.push(alert);
      assert.deepEqual(firing, [], "a unit that is well calls for nobody");
      const loaded = (await get("rules")).data.groups[0].rules;
      assert.deepEqual(
        loaded.map(({ health }: { health: string }) => health),
        rules.map(() => "ok"),
      );
    } finally {
      await unit.end("SIGTERM");
      await discord.close();
      await Deno.remove(folder, { recursive: true });
    }
  },
);

/** Panels that ask for what a unit by itself, to which nothing happened, does not have. */
const EMPTY = [
  "429s of Discord's, by scope",
  "Connections that ended, by cause",
  "Shards of each unit",
  "Shards on the move",
  "Started again",
  "Units",
];

async function dashboard() {
  return JSON.parse(await Deno.readTextFile("docs/grafana/gatehouse.json"));
}

/** An expression as Grafana asks it. */
function filled(expr: string): string {
  return expr.replaceAll("$job", ".*").replaceAll("$instance", ".*")
    .replaceAll("$__rate_interval", "30s").replaceAll("$__range", "1m");
}
