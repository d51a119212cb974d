import assert from "node:assert/strict";
import fc from "fast-check";
import {
  type Config,
  CONFIG_DEFAULTS,
  describeProblem,
  FIELDS,
  type Problem,
  SETTING_NAMES,
  SETTINGS,
} from "../../config/config.ts";
import { type Env, mergeEnv, parseConfig, readConfig, readEnv } from "../../config/parse.ts";

const SECRETS = FIELDS.map((field) => SETTINGS[field]).filter(({ read }) => read.secret)
  .map(({ name }) => name);
const TOKEN = "MTk4NjIy.G1xAbc.secret-part_0";

async function config(env: Env): Promise<Config> {
  const parsed = await parseConfig({ DISCORD_TOKEN: TOKEN, ...env });
  assert(parsed.ok, parsed.ok ? "" : parsed.problems.map(describeProblem).join("\n"));
  return parsed.config;
}

async function problems(env: Env): Promise<readonly Problem[]> {
  const parsed = await parseConfig({ DISCORD_TOKEN: TOKEN, ...env });
  assert(!parsed.ok, "these settings are wrong");
  return parsed.problems;
}

const names = (found: readonly Problem[]) => found.map((problem) => problem.setting);

Deno.test("parseConfig() of nothing at all is the first-run mode", async () => {
  const parsed = await parseConfig({ HOME: "/home/x", PATH: "/bin", PORT: "80" });
  assert.deepEqual(parsed, {
    ok: true,
    config: { ...CONFIG_DEFAULTS, mode: "simulator" },
    warnings: [],
  });
});

Deno.test("parseConfig() of a token alone is every default, against Discord", async () => {
  assert.deepEqual(await config({}), { ...CONFIG_DEFAULTS, discordToken: TOKEN });
});

Deno.test("parseConfig() wants the token as soon as anything is set", async () => {
  for (const name of SETTING_NAMES.filter((each) => each !== "DISCORD_TOKEN")) {
    const parsed = await parseConfig({ [name]: "1" });
    assert(!parsed.ok && names(parsed.problems).includes("DISCORD_TOKEN"), name);
  }
});

Deno.test("parseConfig() with simulator plays against it whatever is set, without the token", async () => {
  const env = { DISCORD_TOKEN: TOKEN, TOTAL_SHARDS: "4" };
  const parsed = await parseConfig(env, { simulator: true });
  assert(parsed.ok);
  assert.deepEqual(
    [parsed.config.mode, parsed.config.discordToken, parsed.config.totalShards],
    ["simulator", "", 4],
  );
});

Deno.test("parseConfig() without a token is against Discord, where callers bring their own", async () => {
  const parsed = await parseConfig({ LISTEN_PORT: "9000" }, { withoutToken: true });
  assert(parsed.ok);
  assert.deepEqual(parsed.config, { ...CONFIG_DEFAULTS, listenPort: 9000 });
  const given = await parseConfig({ DISCORD_TOKEN: TOKEN }, { withoutToken: true });
  assert(given.ok);
  assert.equal(given.config.discordToken, TOKEN, "it is used where it is set");
});

Deno.test("parseConfig() without a token refuses all that it refuses with one", async () => {
  for (
    const [env, wrong] of [
      [{ DISCORD_TOKEN: "two words" }, "DISCORD_TOKEN"],
      [{ LISTEN_HOST: "0.0.0.0" }, "REST_AUTHORIZATION"],
      [{ REST_WAIT_MS: "60s" }, "REST_WAIT_MS"],
    ] as const
  ) {
    const parsed = await parseConfig(env, { withoutToken: true });
    assert(!parsed.ok, wrong);
    assert.deepEqual(names(parsed.problems), [wrong]);
  }
});

Deno.test("parseConfig() without a token, with no setting at all, is the first-run mode", async () => {
  const parsed = await parseConfig({}, { withoutToken: true });
  assert(parsed.ok);
  assert.equal(parsed.config.mode, "simulator");
  const misspelt = await parseConfig({ DISCORD_TOKN: TOKEN }, { withoutToken: true });
  assert(misspelt.ok);
  assert.equal(misspelt.config.mode, "discord", "a misspelt token is no first run");
  assert.deepEqual(names(misspelt.warnings), ["DISCORD_TOKN"]);
});

const read: [env: Env, field: keyof Config, value: unknown][] = [
  [{ DISCORD_TOKEN: `Bot ${TOKEN}` }, "discordToken", TOKEN],
  [{ DISCORD_TOKEN: `  bot   ${TOKEN} ` }, "discordToken", TOKEN],
  [{ DISCORD_API_URL: "http://127.0.0.1:3000/api/" }, "discordApiUrl", "http://127.0.0.1:3000/api"],
  [{ DISCORD_API_URL: "https://discord.com/api/v10" }, "discordApiUrl", "https://discord.com/api"],
  [{ INTENTS: "513" }, "intents", 513],
  [{ INTENTS: "0" }, "intents", 0],
  [{ INTENTS: "GUILDS, guild_messages," }, "intents", 513],
  [{ TOTAL_SHARDS: "16" }, "totalShards", 16],
  [{ FIRST_SHARD_ID: "0" }, "firstShardId", 0],
  [{ LAST_SHARD_ID: "7" }, "lastShardId", 7],
  [{ TOTAL_WORKERS: "2" }, "totalWorkers", 2],
  [{ SHARDS_PER_WORKER: "8" }, "shardsPerWorker", 8],
  [{ SPAWN_SHARD_DELAY_MS: "5500" }, "spawnShardDelayMs", 5500],
  [{ GATEWAY_COMPRESSION: "None" }, "gatewayCompression", "none"],
  [{ IDENTIFY_RESERVE: "10%" }, "identifyReservePercent", 10],
  [{ IDENTIFY_RESERVE: "2.5 %" }, "identifyReservePercent", 2.5],
  [{ IDENTIFY_RESERVE: "0" }, "identifyReservePercent", 0],
  [{ RESHARD_AT: "62.5 %" }, "reshardAtPercent", 62.5],
  [{ LISTEN_HOST: "::1" }, "listenHost", "::1"],
  [{ LISTEN_PORT: "0" }, "listenPort", 0],
  [{ REST_AUTHORIZATION: "s3cret" }, "restAuthorization", "s3cret"],
  [{ REST_GLOBAL_PER_SECOND: "500" }, "restGlobalPerSecond", 500],
  [{ REST_WAIT_MS: "0" }, "restWaitMs", 0],
  [{ REST_ANSWER_MS: "15000" }, "restAnswerMs", 15_000],
  [{ GATEWAY_HOSTS: "gateway.example, 10.0.0.7,[::1]" }, "gatewayHosts", [
    "gateway.example",
    "10.0.0.7",
    "[::1]",
  ]],
  [{ EVENT_HANDLER_URL: "ws://a:1/x?y=1, wss://b" }, "eventHandlerUrls", [
    "ws://a:1/x?y=1",
    "wss://b",
  ]],
  [{ EVENT_HANDLER_SECRET_KEY: "k" }, "eventHandlerSecretKey", "k"],
  [{ BOT_MODULE: "./my bot.ts" }, "botModule", "./my bot.ts"],
  [{ TOTAL_CLUSTERS: "3" }, "totalClusters", 3],
  [{ SERVICES: "api=./api.ts" }, "services", [{ name: "api", module: "./api.ts" }]],
  [{ SERVICES: " a-1=https://x/m.ts?v=1, b_2=../b c.ts ," }, "services", [
    { name: "a-1", module: "https://x/m.ts?v=1" },
    { name: "b_2", module: "../b c.ts" },
  ]],
  [{ SERVICES: "" }, "services", []],
  [{ STATS_INTERVAL_MS: "0" }, "statsIntervalMs", 0],
  [{ STATS_INTERVAL_MS: "1000" }, "statsIntervalMs", 1000],
  [{ CLUSTER_ISOLATION: "worker" }, "clusterIsolation", "worker"],
  [{ CLUSTER_PERMISSIONS: "--allow-net=db:5432  --allow-read=./data" }, "clusterPermissions", [
    "--allow-net=db:5432",
    "--allow-read=./data",
  ]],
  [{ STATE_DIR: "/var/lib/a b" }, "stateDir", "/var/lib/a b"],
  [{ EVENT_DELAY_MS: "0" }, "eventDelayMs", 0],
  [{ QUEUE_MEMORY_BYTES: "1048576" }, "queueMemoryBytes", 1_048_576],
  [{ QUEUE_DISK_BYTES: "0" }, "queueDiskBytes", 0],
  [{ QUEUE_OVERFLOW: "drop-oldest" }, "queueOverflow", "drop-oldest"],
  [{ LOG_LEVEL: "WARN" }, "logLevel", "warn"],
  [
    { PUBLIC_URL: "https://bots.example/gatehouse/", REST_AUTHORIZATION: "s" },
    "publicUrl",
    "https://bots.example/gatehouse",
  ],
  [{ PUBLIC_URL: "ws://localhost:9000" }, "publicUrl", "ws://localhost:9000"],
  [{ TRUSTED_PROXIES: "10.0.0.0/8, ::1", REST_AUTHORIZATION: "s" }, "trustedProxies", [
    "10.0.0.0/8",
    "::1",
  ]],
  [{ LOG_FORMAT: "json" }, "logFormat", "json"],
  [{ ALLOW_FAULTS: "1" }, "allowFaults", true],
  [{ ALLOW_FAULTS: "false" }, "allowFaults", false],
  [{ TOTAL_SHARDS: "" }, "totalShards", null],
];

for (const [env, field, value] of read) {
  const [[name, text]] = Object.entries(env) as [[string, string]];
  const shown = name === "DISCORD_TOKEN" ? "with Bot before it" : `"${text}"`;
  Deno.test(`parseConfig() reads ${name} ${shown}`, async () => {
    assert.deepEqual((await config(env))[field], value);
  });
}

const refused: Readonly<Record<string, readonly string[]>> = {
  DISCORD_TOKEN: ["two words", "tök.en", "Bot"],
  DISCORD_API_URL: ["discord.com", "ftp://x", "https://h/api?x=1", "https://user:pass@h/api"],
  INTENTS: ["-1", "1.5", "GUILD", "131072", "99999999999", ",", "GUILDS|GUILD_MESSAGES"],
  TOTAL_SHARDS: ["0", "-1", "1000000000", "four", "1.5", "1e3", "0x10", "99999999999999999"],
  FIRST_SHARD_ID: ["-1", "x", "100000"],
  LAST_SHARD_ID: ["-1", "x", "1000000000"],
  TOTAL_WORKERS: ["0", "1000000"],
  SHARDS_PER_WORKER: ["0", "1000000"],
  SPAWN_SHARD_DELAY_MS: ["-5", "5s", "2592000000"],
  GATEWAY_COMPRESSION: ["zlib", "gzip"],
  IDENTIFY_RESERVE: ["101%", "-1", "ten"],
  RESHARD_AT: ["0", "0.9%", "101%", "eighty"],
  RESHARD_CHECK_MS: ["-1", "8h", "2592000000"],
  REFUSED_INTENTS: ["never", "1"],
  LISTEN_HOST: ["127.0.0.1:80", "http://x", "a b"],
  LISTEN_PORT: ["65536", "-1", "http"],
  PUBLIC_URL: [
    "bots.example",
    "ftp://x",
    "https://h/?x=1",
    "https://h/?",
    "https://user:pass@h",
    "h",
  ],
  TRUSTED_PROXIES: [
    ",",
    "localhost",
    "10.0.0.1:80",
    "10.0.0/8",
    "10.0.0.0/33",
    "fd00::/129",
    "10.0.0.0/",
    "10.0.0.0/-1",
    "[::1]",
    "fe80::1%eth0",
    "*",
  ],
  LISTEN_FD: ["2", "socket", "1001"],
  LISTEN_CONNECTIONS: ["0", "-1", "many", "100001"],
  REST_AUTHORIZATION: ["two words", "ümlaut"],
  REST_GLOBAL_PER_SECOND: ["0", "-1", "1000000000", "50/s", "1e3"],
  REST_WAIT_MS: ["-1", "60s", "2592000000"],
  REST_ANSWER_MS: ["0", "30s", "2592000000"],
  GATEWAY_HOSTS: [",", "wss://gateway.example", "gateway.example:443", "*.example", "a b", "::1"],
  EVENT_HANDLER_URL: ["http://a", "ws://a,b", ",", "ws://user:pass@a"],
  EVENT_HANDLER_SECRET_KEY: ["two words"],
  BOT_MODULE: ["a,b.ts"],
  TOTAL_CLUSTERS: ["0", "1000000"],
  SERVICES: [
    "api",
    "=./api.ts",
    "api=",
    "a=1.ts,a=2.ts",
    "two words=./a.ts",
    "a=1.ts,b",
    "ä=1.ts",
    ",",
  ],
  STATS_INTERVAL_MS: ["-1", "60s", "1.5", "2592000000"],
  CLUSTER_ISOLATION: ["thread"],
  CLUSTER_PERMISSIONS: ["-A", "--allow-all", "allow-net", "--allow-net --yes", "--allow-net="],
  STATE_DIR: ["/a,b"],
  EVENT_DELAY_MS: ["51", "-1", "4ms"],
  QUEUE_MEMORY_BYTES: ["0", "64MB", "9007199254740991"],
  QUEUE_DISK_BYTES: ["-1", "4GB", "9007199254740991"],
  QUEUE_OVERFLOW: ["drop", "drop-newest"],
  GUILD_LOADED_DD: ["yes"],
  CACHE: ["1", "all", "guilds,all", "none,guilds", "guilds,,voice", ","],
  CACHE_ALL_MEMBERS: ["all"],
  EDITED_MESSAGES: ["a,b.ts"],
  WORKER_MODULE: ["a,b.ts"],
  BOT_SERVER_INVITE_CODE: ["https://discord.gg/abc", "a b"],
  QUIET_AFTER_MS: ["0", "5min", "2592000000"],
  QUIET_RESUME_AFTER_MS: ["0", "15min", "2592000000"],
  DEAF_AFTER_MS: ["0", "10min", "2592000000"],
  DEAF_IDENTIFY: ["perhaps"],
  CONSUMER_SESSION_TTL_MS: ["-1", "10min", "2592000001"],
  CONSUMERS_PER_SHARD: ["0", "two", "17"],
  CONSUMER_TOTALS: ["all", "16"],
  LOG_LEVEL: ["trace"],
  LOG_FORMAT: ["xml"],
  ALLOW_FAULTS: ["yes"],
};

Deno.test("every setting has a text that is refused", () => {
  assert.deepEqual(Object.keys(refused).sort(), SETTING_NAMES.toSorted());
});

for (const [name, texts] of Object.entries(refused)) {
  Deno.test(`parseConfig() refuses a wrong ${name} and says what it expected`, async () => {
    for (const text of texts) {
      const [problem, ...others] = await problems({ [name]: text });
      assert.deepEqual(others, [], `${name}=${text} blames something else`);
      assert.equal(problem?.setting, name);
      assert.notEqual(problem?.expected, "");
      if (!SECRETS.includes(name) && !text.includes("pass")) {
        assert(problem?.received.includes(text), "it says what came");
      }
    }
  });
}

Deno.test("parseConfig() reports every problem at once", async () => {
  const env = Object.fromEntries(Object.entries(refused).map(([name, [text]]) => [name, text]));
  assert.deepEqual(names(await problems(env)).sort(), Object.keys(refused).sort());
});

Deno.test("parseConfig() blames no other setting for one that is wrong", async () => {
  const cases: [Env, string[]][] = [
    [{ LISTEN_HOST: "0.0.0.0", REST_AUTHORIZATION: "two words" }, ["REST_AUTHORIZATION"]],
    [{ TOTAL_SHARDS: "x", TOTAL_WORKERS: "1", SHARDS_PER_WORKER: "1" }, ["TOTAL_SHARDS"]],
    // One name is part of the other; they do not decide each other.
    [{ CACHE: "all", CACHE_ALL_MEMBERS: "1" }, ["CACHE", "INTENTS"]],
  ];
  for (const [env, wrong] of cases) assert.deepEqual(names(await problems(env)), wrong);
});

Deno.test("parseConfig() never shows a secret, in whatever setting it turns up", async () => {
  const secret = "hunter2-hunter2";
  for (const name of SECRETS) {
    for (const text of [`${secret} and more`, `Bot ${secret}`, secret]) {
      // Pasted into each wrong place as well.
      const env = { [name]: text, INTENTS: secret, LISTEN_PORT: text, LOG_LEVEL: `x${secret}` };
      const parsed = await parseConfig(env);
      assert(!parsed.ok);
      assert(!JSON.stringify(parsed).includes(secret), `${name}: ${JSON.stringify(parsed)}`);
    }
  }
});

Deno.test("parseConfig() never shows the password of an address", async () => {
  const found = await problems({ DISCORD_API_URL: "https://me:hunter2@h/api" });
  assert(!JSON.stringify(found).includes("hunter2"));
});

Deno.test("parseConfig() says of a wrong secret what shape it has", async () => {
  const [spaces] = await problems({ REST_AUTHORIZATION: "ab cd ef" });
  assert.equal(spaces?.received, "a text of 8 characters, 3 words");
});

Deno.test("parseConfig() names the intent that was meant", async () => {
  const [problem] = await problems({ INTENTS: "GUILDS,GUILD_MESSAGE" });
  assert.match(problem!.received, /\(GUILD_MESSAGE is unknown, did you mean GUILD_MESSAGES\?\)$/);
});

Deno.test("parseConfig() warns of a variable whose name is nearly a setting's", async () => {
  const parsed = await parseConfig({ DISCORD_TOKEN: TOKEN, TOTAL_SHARD: "4", SHELL: "/bin/sh" });
  assert(parsed.ok);
  assert.deepEqual(names(parsed.warnings), ["TOTAL_SHARD"]);
  assert.match(parsed.warnings[0]!.expected, /TOTAL_SHARDS/);
});

Deno.test("parseConfig() takes what systemd says of its sockets for no attempt at LISTEN_FD", async () => {
  const systemds = { LISTEN_FDS: "1", LISTEN_FDNAMES: "gatehouse.socket", LISTEN_PID: "42" };
  const parsed = await parseConfig({ DISCORD_TOKEN: TOKEN, LISTEN_FD: "3", ...systemds });
  assert(parsed.ok);
  assert.equal(parsed.config.listenFd, 3);
  assert.deepEqual(parsed.warnings, []);
});

Deno.test("parseConfig() takes a misspelt token for an attempt, not for the first run", async () => {
  const parsed = await parseConfig({ DISCORD_TOKN: TOKEN });
  assert(!parsed.ok);
  assert.deepEqual([names(parsed.problems), names(parsed.warnings)], [["DISCORD_TOKEN"], [
    "DISCORD_TOKN",
  ]]);
  assert(!JSON.stringify(parsed).includes(TOKEN), "a misspelt token is a token all the same");
});

Deno.test("parseConfig() never throws, whatever is set", async () => {
  const anything = fc.dictionary(
    fc.constantFrom(...SETTING_NAMES),
    fc.oneof(fc.string({ unit: "binary" }), fc.webUrl(), fc.integer().map(String)),
  );
  await fc.assert(fc.asyncProperty(anything, async (env) => {
    const parsed = await parseConfig(env);
    assert(parsed.ok || parsed.problems.length > 0);
  }));
});

Deno.test("mergeEnv() lets the environment win over the file", () => {
  assert.deepEqual(mergeEnv({ A: "1" }, "A=2\nB=3"), { A: "1", B: "3" });
});

Deno.test("mergeEnv() takes what is set to nothing for not set, on either side", () => {
  assert.deepEqual(mergeEnv({ A: "", B: " ", C: undefined }, "A=file\nD=\nE=' '"), { A: "file" });
});

Deno.test("mergeEnv() reads comments, quotes, export, blanks, line ends of Windows and a BOM", () => {
  const text = [
    "\uFEFFFIRST=1",
    "# a comment",
    "",
    "QUOTED='a # b'",
    'LINES="a\\nb"',
    "export EXPORTED=yes # why",
    "SPACED = x y ",
    "no line of ours",
    "EQUALS=a=b==",
  ].join("\r\n");
  assert.deepEqual(mergeEnv({}, text), {
    FIRST: "1",
    QUOTED: "a # b",
    LINES: "a\nb",
    EXPORTED: "yes",
    SPACED: "x y",
    EQUALS: "a=b==",
  });
});

Deno.test("readEnv() does without a file, and says where one cannot be read", async () => {
  const folder = await Deno.makeTempDir();
  try {
    assert.equal((await readEnv(`${folder}/.env`)).GATEHOUSE_TEST, undefined);
    await Deno.writeTextFile(`${folder}/.env`, "GATEHOUSE_TEST=1");
    assert.equal((await readEnv(`${folder}/.env`)).GATEHOUSE_TEST, "1");
    await assert.rejects(readEnv(folder));
    const read = await readConfig({}, folder);
    assert.ok(!read.ok);
    assert.equal(read.problems[0]!.setting, folder);
    assert.match(describeProblem(read.problems[0]!), /expected a file that can be read, received /);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
