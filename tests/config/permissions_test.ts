import assert from "node:assert/strict";
import { type Asked, PERMISSION_KINDS, permissionFlags } from "../../config/permissions.ts";

type Kind = typeof PERMISSION_KINDS[number];

const TOKEN = { DISCORD_TOKEN: "a.b.c" };

/** One of the flags of a program. */
async function flagOf(kind: Kind, asked: Asked, env: Record<string, string>): Promise<string> {
  const flags = await permissionFlags(asked, env, { executable: "/opt/deno", code: [] });
  return flags[PERMISSION_KINDS.indexOf(kind)]!;
}

const flag = (kind: Kind, env: Record<string, string>) => flagOf(kind, { program: "unit" }, env);

Deno.test("with no setting a unit talks to this machine and writes nothing", async () => {
  assert.equal(await flag("net", {}), "--allow-net=127.0.0.1");
  assert.equal(await flag("write", {}), "--deny-write");
});

Deno.test("with a token a unit may reach Discord and its own address", async () => {
  assert.equal(
    await flag("net", { ...TOKEN, LISTEN_HOST: "::1", LISTEN_PORT: "9000" }),
    "--allow-net=discord.com:443,*.discord.gg:443,[::1]:9000",
  );
});

Deno.test("a unit may reach the clusters that it dials, with the port of their protocol", async () => {
  const net = await flag("net", { ...TOKEN, EVENT_HANDLER_URL: "ws://a,wss://b/x,ws://[::1]:7" });
  assert.match(net, /,a:80,b:443,\[::1\]:7$/);
});

Deno.test("a unit may reach the clusters that it POSTs to", async () => {
  const env = { ...TOKEN, EVENT_HANDLER_SECRET_KEY: "k" };
  const net = await flag("net", { ...env, EVENT_HANDLER_URL: "https://a/x,http://b,http://c:7/" });
  assert.match(net, /,a:443,b:80,c:7$/);
});

Deno.test("a unit may reach its NATS, and reads what that wants to be shown", async () => {
  const env = {
    ...TOKEN,
    NATS_URL: "nats://10.0.0.1,tls://nats.example:4443,nats://[::1]",
    NATS_CREDENTIALS: "/run/unit.creds",
    NATS_TLS_CA: "/etc/ca.pem",
  };
  assert.match(await flag("net", env), /,10\.0\.0\.1:4222,nats\.example:4443,\[::1\]:4222$/);
  assert.equal(await flag("read", env), "--allow-read=.,./.gatehouse,/run/unit.creds,/etc/ca.pem");
  assert.doesNotMatch(await flag("net", TOKEN), /4222/);
});

Deno.test("another API names a gateway that nobody knows before asking: any host", async () => {
  assert.equal(
    await flag("net", { ...TOKEN, DISCORD_API_URL: "http://10.0.0.1/api" }),
    "--allow-net",
  );
});

Deno.test("a unit reads the program, its state and the bot, and writes its state", async () => {
  const env = { ...TOKEN, STATE_DIR: "/var/lib/a b", BOT_MODULE: "/srv/bot/main.ts" };
  assert.equal(await flag("read", env), "--allow-read=.,/var/lib/a b,/srv/bot");
  assert.equal(await flag("write", env), "--allow-write=/var/lib/a b");
  assert.equal(
    await flag("read", { ...TOKEN, BOT_MODULE: "file:///srv/my%20bot/main.ts" }),
    "--allow-read=.,./.gatehouse,/srv/my bot",
  );
  const modules = { EDITED_MESSAGES: "/y/f.ts", WORKER_MODULE: "/z/w.ts" };
  assert.equal(
    await flag("read", { ...TOKEN, ...modules }),
    "--allow-read=.,./.gatehouse,/y,/z",
  );
  assert.equal(
    await flag("read", { ...TOKEN, BOT_MODULE: "https://example.com/bot.ts" }),
    "--allow-read=.,./.gatehouse",
  );
});

Deno.test("a unit may run Deno and nothing else", async () => {
  assert.equal(await flag("run", {}), "--allow-run=/opt/deno");
});

Deno.test("a unit reads its settings, those that look misspelt, and nothing else of yours", async () => {
  const env = await flag("env", { ...TOKEN, TOTAL_SHARD: "4", AWS_SECRET_ACCESS_KEY: "x" });
  const names = env.replace("--allow-env=", "").split(",");
  for (const name of ["DISCORD_TOKEN", "STATE_DIR", "TOTAL_SHARD", "WS_NO_BUFFER_UTIL"]) {
    assert(names.includes(name), name);
  }
  assert(!names.includes("AWS_SECRET_ACCESS_KEY"));
});

Deno.test("settings that are wrong give the least, and never more than a flag", async () => {
  const wrong = { LISTEN_PORT: "no", STATE_DIR: "/a,/", BOT_MODULE: "/x,/y" };
  assert.equal(await flag("net", wrong), "--allow-net=127.0.0.1");
  assert.equal(await flag("read", wrong), "--allow-read=.");
  assert.equal(await flag("write", wrong), "--deny-write");
});

Deno.test("with simulator a unit reaches this machine only, whatever is set", async () => {
  const env = { ...TOKEN, DISCORD_API_URL: "http://10.0.0.1/api", STATE_DIR: "/srv" };
  for (
    const [kind, wanted] of [["net", "--allow-net=127.0.0.1"], ["write", "--deny-write"]] as const
  ) {
    assert.equal(await flagOf(kind, { program: "demo" }, env), wanted);
  }
});

const restFlag = (kind: Kind, env: Record<string, string>) =>
  flagOf(kind, { program: "rest" }, env);

Deno.test("the REST proxy by itself reaches its API and its own address, with a token or without", async () => {
  const env = { LISTEN_HOST: "::1", LISTEN_PORT: "9000" };
  for (const more of [{}, TOKEN]) {
    assert.equal(
      await restFlag("net", { ...env, ...more }),
      "--allow-net=discord.com:443,[::1]:9000",
    );
  }
  assert.equal(
    await restFlag("net", { DISCORD_API_URL: "http://10.0.0.1/api" }),
    "--allow-net=10.0.0.1:80,127.0.0.1:8787",
    "it asks for no gateway",
  );
});

Deno.test("a name of this machine is asked for with the addresses that are bound", async () => {
  assert.equal(
    await restFlag("net", { LISTEN_HOST: "localhost" }),
    "--allow-net=discord.com:443,localhost:8787,127.0.0.1:8787,[::1]:8787",
  );
});

Deno.test("the REST proxy by itself writes nothing, runs nothing and reads only the program", async () => {
  const env = { ...TOKEN, STATE_DIR: "/srv", BOT_MODULE: "/x/bot.ts", EDITED_MESSAGES: "/y/f.ts" };
  for (const each of [{}, { LISTEN_PORT: "9000" }, env, { LISTEN_PORT: "x" }]) {
    assert.equal(await restFlag("read", each), "--allow-read=.");
    assert.equal(await restFlag("write", each), "--deny-write");
    assert.equal(await restFlag("run", each), "--deny-run");
  }
});

Deno.test("the REST proxy by itself talks to this machine where nothing, or something wrong, is set", async () => {
  assert.equal(await restFlag("net", {}), "--allow-net=127.0.0.1");
  assert.equal(await restFlag("net", { LISTEN_PORT: "x" }), "--allow-net=127.0.0.1");
});

Deno.test("the REST proxy by itself reads its settings, also those that look misspelt", async () => {
  const names = (await restFlag("env", { LISTEN_PORTS: "1", AWS_SECRET_ACCESS_KEY: "x" }))
    .replace("--allow-env=", "").split(",");
  for (const name of ["DISCORD_TOKEN", "REST_WAIT_MS", "LISTEN_PORTS"]) {
    assert(names.includes(name), name);
  }
  assert(!names.includes("AWS_SECRET_ACCESS_KEY"));
});

Deno.test("no flag is ever the one for everything", async () => {
  for (const kind of PERMISSION_KINDS) {
    for (const env of [{}, TOKEN, { LISTEN_PORT: "x" }]) {
      const wanted = new RegExp(`^--(allow|deny)-${kind}(=.+)?$`);
      assert.match(await flag(kind, env), wanted);
      assert.match(await restFlag(kind, env), wanted);
    }
  }
});

Deno.test("a bot that is an argument is read, and its unit plays against the simulator", async () => {
  const asked = { program: "unit", bot: "/srv/bot/bot.ts" } as const;
  assert.equal(await flagOf("read", asked, {}), "--allow-read=.,./.gatehouse,/srv/bot");
  assert.equal(await flagOf("net", asked, {}), "--allow-net=127.0.0.1");
  assert.match(await flagOf("net", asked, TOKEN), /discord\.com:443.*127\.0\.0\.1$/);
});

Deno.test("our own code is read where it is, which may be elsewhere", async () => {
  const machine = { executable: "/opt/deno", code: ["/opt/gatehouse/mod.ts"] };
  for (const program of ["unit", "demo", "rest", "sim"] as const) {
    const [, read] = await permissionFlags({ program }, {}, machine);
    assert.match(read!, /,\/opt\/gatehouse\/mod\.ts$/, program);
  }
});

Deno.test("who asks a unit reaches that unit and does nothing else", async () => {
  const net = (asked: Omit<Asked, "program">, env = {}) =>
    flagOf("net", { program: "ask", ...asked }, env);
  assert.equal(await net({}), "--allow-net=127.0.0.1:8787,[::1]:8787");
  assert.equal(
    await net({}, {
      LISTEN_HOST: "10.0.0.1",
      LISTEN_PORT: "9",
      REST_AUTHORIZATION: "x",
      TOTAL_SHARDS: "many",
    }),
    "--allow-net=10.0.0.1:9,127.0.0.1:9,[::1]:9",
  );
  assert.equal(await net({ url: "https://unit.example" }), "--allow-net=unit.example:443");
  assert.equal(await net({ url: "unit.example:7" }), "--allow-net=unit.example:7");
  assert.equal(await net({ url: "http://" }), "--deny-net");
  const asked = { program: "ask", secretFromEnv: "MINE" } as const;
  assert.match(await flagOf("env", asked, {}), /,MINE$/);
  assert.doesNotMatch(await flagOf("env", { ...asked, secretFromEnv: "A,B" }, {}), /A,B/);
  assert.equal(await flagOf("read", asked, TOKEN), "--allow-read=.env");
  for (const kind of ["write", "run"] as const) {
    assert.equal(await flagOf(kind, asked, TOKEN), `--deny-${kind}`);
  }
});

Deno.test("what is of a clone runs Deno, and reads the clone", async () => {
  const clone = { program: "clone" } as const;
  assert.equal(await flagOf("run", clone, TOKEN), "--allow-run=/opt/deno");
  const root = new URL("../../", import.meta.url).pathname;
  assert.equal(await flagOf("read", clone, TOKEN), `--allow-read=${root}`);
  for (const kind of ["net", "write"] as const) {
    assert.equal(await flagOf(kind, clone, TOKEN), `--deny-${kind}`);
  }
});

Deno.test("who writes a new folder has that folder, who only tells has nothing", async () => {
  const init = { program: "init", folder: "my bot" } as const;
  for (const kind of ["read", "write"] as const) {
    assert.equal(await flagOf(kind, init, TOKEN), `--allow-${kind}=my bot`);
    assert.equal(await flagOf(kind, { ...init, folder: "a,/" }, TOKEN), `--deny-${kind}`);
  }
  for (const kind of ["net", "read", "write", "run"] as const) {
    assert.equal(await flagOf(kind, { program: "words" }, TOKEN), `--deny-${kind}`);
  }
  assert.equal(await flagOf("net", init, TOKEN), "--deny-net");
  assert.equal(await flagOf("run", init, TOKEN), "--deny-run");
  assert.doesNotMatch(await flagOf("env", init, TOKEN), /DISCORD_TOKEN/);
});

Deno.test("a unit may reach the gateways that are listed, and what is below a name", async () => {
  const net = await flag("net", { ...TOKEN, GATEWAY_HOSTS: "gateway.example,10.0.0.7" });
  assert.match(net, /,\*\.discord\.gg:443,gateway\.example,10\.0\.0\.7,\*\.gateway\.example,127/);
});
