import assert from "node:assert/strict";
import { CliFailure, EXIT } from "../../../app/cli/exit.ts";
import { unitApi, type UnitFlags } from "../../../app/cli/unit_api.ts";
import { createWorld, type WorldParts } from "../../../app/cli/world.ts";
import { createNotedUnit } from "../../support/noted_unit.ts";
import { testWorld, unitAt } from "../../support/cli.ts";

const { unit } = createNotedUnit();

interface Asked {
  readonly env?: Readonly<Record<string, string>>;
  readonly flags?: UnitFlags;
  readonly request?: WorldParts["request"];
}

const state = async ({ env = {}, flags = {}, request }: Asked) => {
  const settings = () => Promise.resolve(env);
  const parts = { ...testWorld(), settings, ...request && { request } };
  const api = await unitApi(createWorld(parts), flags);
  return [api.url, (await api.state()).totalShards];
};

/** Where a unit is found, and with which secret. */
const FOUND: Readonly<Record<string, [at: string, secret: string | null, asked: Asked]>> = {
  "with no setting at the default address": ["http://127.0.0.1:8787", null, {}],
  "where its settings say, with their secret": [
    "http://127.0.0.1:9000",
    "s3cret",
    { env: { LISTEN_HOST: "0.0.0.0", LISTEN_PORT: "9000", REST_AUTHORIZATION: "s3cret" } },
  ],
  "though other settings are wrong": [
    "http://127.0.0.1:8787",
    null,
    { env: { TOTAL_SHARDS: "many", INTENTS: "X" } },
  ],
  "at an address that is given": ["http://10.0.0.7:80", null, { flags: { url: "10.0.0.7:80" } }],
  "at the address of its dashboard": [
    "http://10.0.0.7:8787",
    null,
    { flags: { url: "http://10.0.0.7:8787/dashboard?sort=state#shard-3" } },
  ],
  "with the secret of a variable": [
    "http://10.0.0.7:9000",
    "theirs",
    { env: { THEIRS: "theirs" }, flags: { url: "http://10.0.0.7:9000/", secretFromEnv: "THEIRS" } },
  ],
  "with its own secret, its own address given": [
    "http://127.0.0.1:9000",
    "s3cret",
    {
      env: { LISTEN_PORT: "9000", REST_AUTHORIZATION: "s3cret" },
      flags: { url: "http://127.0.0.1:9000" },
    },
  ],
  "at an address that is given, whatever the settings are": [
    "http://10.0.0.7:9000",
    null,
    { env: { LISTEN_PORT: "0" }, flags: { url: "http://10.0.0.7:9000" } },
  ],
};

for (const [how, [at, secret, asked]] of Object.entries(FOUND)) {
  Deno.test(`a unit is found ${how}`, async () => {
    const request = await unitAt(new URL(at).origin, unit, secret);
    const [url, totalShards] = await state({ ...asked, request });
    assert.equal(new URL(String(url)).origin, new URL(at).origin);
    assert.equal(totalShards, 2);
  });
}

Deno.test("the secret of the settings goes to no address but their unit's", async () => {
  const shown: (string | null)[] = [];
  const request: typeof fetch = (input, init) => {
    shown.push(new Request(input, init).headers.get("authorization"));
    return Promise.resolve(Response.json({ shards: [] }));
  };
  const env = { REST_AUTHORIZATION: "s3cret" };
  await state({ env, flags: { url: "http://10.0.0.7:8787" }, request });
  await state({ env, request });
  assert.deepEqual(shown, [null, "s3cret"]);
});

const answers = (body: string, status: number): typeof fetch => () =>
  Promise.resolve(new Response(body, { status }));

const FAILS: Readonly<Record<string, [asked: Asked, code: number, told: RegExp]>> = {
  "nobody answers": [
    {},
    EXIT.UNREACHABLE,
    /^No unit answers at http:\/\/127\.0\.0\.1:8787: the connection is refused\.\n.*listening.*--url/,
  ],
  "what answers is no unit": [
    { request: answers("<html>", 200) },
    EXIT.UNREACHABLE,
    /is no unit: it answers 200 and no JSON/,
  ],
  "what answers knows no /control": [
    { request: answers("{}", 200) },
    EXIT.UNREACHABLE,
    /is no unit: it knows no \/control\/state/,
  ],
  "what answers is the REST proxy by itself": [
    { request: answers('{"error":"there is no /control/state here"}', 404) },
    EXIT.UNREACHABLE,
    /is no unit: there is no \/control\/state here\.\n.*REST proxy by itself/,
  ],
  "no secret is shown": [
    { request: answers('{"error":"Authorization is missing"}', 401) },
    EXIT.DENIED,
    /lets nobody in so: Authorization is missing\.\n.*No secret was shown.*--secret-from-env NAME/,
  ],
  "the secret is another": [
    {
      env: { REST_AUTHORIZATION: "mine" },
      request: answers('{"error":"Authorization is wrong"}', 401),
    },
    EXIT.DENIED,
    /The secret that was shown is not its own/,
  ],
  "the unit refuses": [
    { request: answers('{"error":"Cannot reshard: there are 4 already"}', 409) },
    EXIT.REFUSED,
    /^Cannot reshard: there are 4 already$/,
  ],
  "the port is any": [
    { env: { LISTEN_PORT: "0" } },
    EXIT.USAGE,
    /LISTEN_PORT is 0.*--url/,
  ],
  "the settings are wrong": [
    { env: { LISTEN_PORT: "many" } },
    EXIT.REFUSED,
    /settings are wrong:\n {2}LISTEN_PORT: expected a port/,
  ],
  "the address is none": [{ flags: { url: "http://" } }, EXIT.USAGE, /--url: expected an address/],
  "the address is of no HTTP": [
    { flags: { url: "ws://10.0.0.7:8787/gateway" } },
    EXIT.USAGE,
    /--url: expected an address as http:\/\/host:port, received ws:\/\/10/,
  ],
  "what answers speaks no TLS": [
    {
      flags: { url: "https://10.0.0.7:8787" },
      request: () =>
        Promise.reject(
          new TypeError("error sending request", {
            cause: new Error(
              "client error (Connect): received corrupt message of type InvalidContentType",
            ),
          }),
        ),
    },
    EXIT.UNREACHABLE,
    /^No unit answers at https:\/\/10\.0\.0\.7:8787: what listens there speaks no TLS, try http:\/\/\.\n/,
  ],
  "a secret is in the address": [
    { flags: { url: "http://me:s3cret@10.0.0.7" } },
    EXIT.USAGE,
    /received one with a secret in it/,
  ],
  "the variable is not set": [
    { flags: { secretFromEnv: "NOWHERE" } },
    EXIT.USAGE,
    /--secret-from-env NOWHERE: no such variable is set/,
  ],
};

for (const [when, [asked, code, told]] of Object.entries(FAILS)) {
  Deno.test(`it is told when ${when}, with code ${code} and no secret`, async () => {
    const failure = await state(asked).then(() => null, (error) => error);
    assert.ok(failure instanceof CliFailure, String(failure));
    assert.equal(failure.code, code);
    assert.match(failure.message, told);
    assert.doesNotMatch(failure.message, /mine|s3cret/);
  });
}

Deno.test("a .env that cannot be read is named", async () => {
  const settings = () => Promise.reject(new Deno.errors.PermissionDenied("Permission denied"));
  await assert.rejects(unitApi(createWorld({ ...testWorld(), settings }), {}), {
    name: "CliFailure",
    code: EXIT.REFUSED,
    message: "Cannot read the settings in .env: Permission denied",
  });
});

Deno.test("another unit of the fleet is asked by its name", async () => {
  const asked: string[] = [];
  const request: typeof fetch = (input) => {
    asked.push(String(input));
    return Promise.resolve(Response.json({ shards: [] }));
  };
  await state({ flags: { unit: "b & c" }, request });
  assert.deepEqual(asked, ["http://127.0.0.1:8787/control/state?unit=b%20%26%20c"]);
});

Deno.test("what the unit has heard from others does nothing to the terminal that it is printed on", async () => {
  const evil = "\x1b]0;title\x07\x1b[2J\u009b31m\rcleared\u202e";
  const shards = [{ reason: evil, name: "Müller, 東京 ✓" }];
  const parts = { ...testWorld(), request: answers(JSON.stringify({ shards }), 200) };
  const [shard] = (await (await unitApi(createWorld(parts), {})).state()).shards;
  assert.equal(
    shard!.reason,
    String.raw`\u001b]0;title\u0007\u001b[2J\u009b31m\u000dcleared\u202e`,
  );
  assert.equal((shard as unknown as { name: string }).name, "Müller, 東京 ✓");
  const refuses = { ...testWorld(), request: answers(JSON.stringify({ error: evil }), 409) };
  await assert.rejects(
    (await unitApi(createWorld(refuses), {})).state(),
    /^CliFailure: \\u001b\]0;title/,
  );
});
