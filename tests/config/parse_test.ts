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
import { READ, REFUSED, TOKEN } from "./texts.ts";

const SECRETS = FIELDS.map((field) => SETTINGS[field]).filter(({ read }) => read.secret)
  .map(({ name }) => name);

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

for (const [env, field, value] of READ) {
  const [[name, text]] = Object.entries(env) as [[string, string]];
  const shown = name === "DISCORD_TOKEN" ? "with Bot before it" : `"${text}"`;
  Deno.test(`parseConfig() reads ${name} ${shown}`, async () => {
    assert.deepEqual((await config(env))[field], value);
  });
}

Deno.test("every setting has a text that is refused", () => {
  assert.deepEqual(Object.keys(REFUSED).sort(), SETTING_NAMES.toSorted());
});

for (const [name, texts] of Object.entries(REFUSED)) {
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
  const env = Object.fromEntries(Object.entries(REFUSED).map(([name, [text]]) => [name, text]));
  assert.deepEqual(names(await problems(env)).sort(), Object.keys(REFUSED).sort());
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

Deno.test("a token whose line cannot be read does not start the simulator, and is told of without its value", async () => {
  const folder = await Deno.makeTempDir();
  try {
    for (const line of ["DISCORD_TOKEN: s3cret", "set DISCORD_TOKEN=s3cret"]) {
      await Deno.writeTextFile(`${folder}/.env`, line);
      const read = await readConfig({}, `${folder}/.env`);
      assert.ok(!read.ok, line);
      const told = [...read.problems, ...read.warnings].map(describeProblem).join("\n");
      assert.match(told, /expected a line of \.env as DISCORD_TOKEN=value, received line 1/);
      assert.doesNotMatch(told, /s3cret/);
      const demo = await readConfig({ simulator: true }, `${folder}/.env`);
      assert.ok(demo.ok && demo.config.mode === "simulator" && demo.warnings.length === 1);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
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

Deno.test("a bot that is an argument is no setting: alone it plays against the simulator", async () => {
  const read = async (env: Record<string, string>) => {
    const parsed = await parseConfig(env, { bot: "./bot.ts" });
    return parsed.ok ? [parsed.config.mode, parsed.config.botModule] : parsed.problems[0]?.setting;
  };
  assert.deepEqual(await read({}), ["simulator", "./bot.ts"]);
  assert.deepEqual(await read({ DISCORD_TOKEN: "a.b.c" }), ["discord", "./bot.ts"]);
  const both = { DISCORD_TOKEN: "a.b.c", BOT_MODULE: "./other.ts" };
  assert.deepEqual(await read(both), ["discord", "./bot.ts"]);
  // Who sets anything means Discord, and has forgotten the token.
  for (const env of [{ BOT_MODULE: "./bot.ts" }, { LISTEN_PORT: "1" }]) {
    assert.equal(await read(env), "DISCORD_TOKEN");
  }
});
