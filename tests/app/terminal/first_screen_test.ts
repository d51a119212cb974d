import assert from "node:assert/strict";
import { firstScreen } from "../../../app/terminal/first_screen.ts";
import { type Config, CONFIG_DEFAULTS } from "../../../config/config.ts";
import { EXAMPLE_BOT } from "../../../config/module_url.ts";

const screen = (config: Partial<Config>, command = "deno task") =>
  firstScreen({
    config: { ...CONFIG_DEFAULTS, mode: "discord", ...config },
    url: "http://127.0.0.1:8787",
    command,
    docs: "/opt/gatehouse/docs",
    bold: (text) => text,
  }).join("\n");

Deno.test("the first screen says what runs, where to look and what to type", () => {
  assert.equal(
    screen({ mode: "simulator", botModule: "./bot.ts" }),
    `Gatehouse 0.1.0 plays against a Discord of its own: no token, nothing is real

  Bot        ./bot.ts in one cluster
  Shards     4
  State      none is kept

  Dashboard  http://127.0.0.1:8787/dashboard
  REST       http://127.0.0.1:8787/api
  Gateway    ws://127.0.0.1:8787/gateway
  Docs       /opt/gatehouse/docs

  Next       write DISCORD_TOKEN into .env
  Then       deno task doctor
  Stop       Ctrl-C
`,
  );
});

Deno.test("with Discord it says where the state is, and how to look at it", () => {
  const text = screen({ botModule: "./bot.ts", totalClusters: 4, stateDir: "/var/lib/bot" });
  assert.match(text, /^Gatehouse \S+ runs with Discord$/m);
  assert.match(text, /Bot +\.\/bot\.ts in 4 clusters/);
  assert.match(text, /Shards +as many as Discord recommends/);
  assert.match(text, /State +\/var\/lib\/bot/);
  assert.match(text, /Next +deno task status/);
});

Deno.test("it says where the bot is that is elsewhere, which shards, and which fleet", () => {
  assert.match(
    screen({ eventHandlerUrls: ["ws://a", "http://b:8/in"] }),
    /Bot +at ws:\/\/a\/, http:\/\/b:8\/in$/m,
  );
  assert.match(screen({}), /Bot +none here: events wait/);
  const services = [{ name: "tidy", module: "./t.ts" }];
  assert.match(screen({ botModule: "b", services }), /one cluster; services tidy/);
  assert.match(
    screen({ firstShardId: 2, lastShardId: 3, totalShards: 8 }),
    /Shards +2 to 3 of 8/,
  );
  const fleet = screen({ natsUrls: ["nats://a"], discordApiUrl: "http://10.0.0.1/api" });
  assert.match(fleet, /runs with http:\/\/10\.0\.0\.1\/api, as a unit of a fleet/);
  assert.match(fleet, /Shards +those that the fleet gives it/);
});

Deno.test("it shows nothing secret of where the bot is: no user, no password, no query", () => {
  const text = screen({ eventHandlerUrls: ["wss://robin:sesame@bot.example/in?key=k3y"] });
  assert.match(text, /Bot +at wss:\/\/bot\.example\/in$/m);
  assert.doesNotMatch(text, /robin|sesame|k3y/);
});

Deno.test("it shows the address by which others come, where a server is in front", () => {
  const text = screen({ publicUrl: "wss://bot.example/gate" });
  assert.match(text, /Dashboard +https:\/\/bot\.example\/gate\/dashboard/);
  assert.match(text, /Gateway +wss:\/\/bot\.example\/gate\/gateway/);
});

Deno.test("it fits on a terminal of 80 columns, even for who types npx", () => {
  for (const mode of ["simulator", "discord"] as const) {
    for (const botModule of [EXAMPLE_BOT, "./bot.ts"]) {
      const text = screen({ mode, botModule }, "npx --yes deno@2.9.6 task");
      assert.deepEqual(text.split("\n").filter((line) => line.length > 80), []);
    }
  }
});
