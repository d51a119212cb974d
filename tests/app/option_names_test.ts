import assert from "node:assert/strict";
import type { Status } from "../../protocol/status.ts";
import { Feed } from "../../unit/feed.ts";
import {
  botLogInOptionNames,
  inOptionNames,
  inOwnNames,
  logInOptionNames,
  ofError,
  OPTION_WORDS,
  optionOf,
  statusesInOptionNames,
  toldInOptionNames,
} from "../../app/option_names.ts";
import { FIELDS, SETTINGS } from "../../config/config.ts";
import { type LogFields, logTo } from "../../ports/log.ts";
import { GatehouseError } from "../../protocol/errors.ts";

for (const field of FIELDS) {
  const { name } = SETTINGS[field];
  Deno.test(`inOptionNames() calls ${name} by its option`, () => {
    const text = (called: string) => `Cannot do that: ${called} is 4, set ${called} (or ${called})`;
    assert.equal(inOptionNames(text(name)), text(optionOf(field)));
    assert.equal(inOptionNames(`${name}: expected ${name}=4.`), text2(optionOf(field)));
  });
}

function text2(called: string): string {
  return `${called}: expected ${called}=4.`;
}

Deno.test("inOptionNames() leaves what only looks like a setting", () => {
  for (const text of ["/srv/STATE_DIR/x", "MY_TOKEN", "INTENTS_2", "a.CACHE.b", "$STATE_DIR"]) {
    assert.equal(inOptionNames(text), text);
  }
});

Deno.test("toldInOptionNames() changes sentences, not names, and copies nothing that stays", () => {
  const value = { services: [{ name: "CACHE" }], reason: "change INTENTS", at: new Date(0) };
  assert.deepEqual(toldInOptionNames(value), { ...value, reason: "change intents" });
  assert.equal(toldInOptionNames(value).services, value.services);
  const same = { shards: [{ reason: "asked to" }] };
  assert.equal(toldInOptionNames(same), same);
});

Deno.test("ofError() keeps code, blame, data, cause and stack", () => {
  const cause = new TypeError("no");
  const data = { setting: "CLUSTER_PERMISSIONS", flag: "--allow-env" };
  const error = new GatehouseError("bad_config", "caller", "Cannot use STATE_DIR x", data, {
    cause,
  });
  const told = ofError(error) as GatehouseError;
  assert.equal(told.message, "Cannot use stateDir x");
  assert.deepEqual([told.code, told.blame, told.cause], ["bad_config", "caller", cause]);
  assert.deepEqual(told.data, { setting: "clusterPermissions", flag: "--allow-env" });
  assert.equal(told.stack, error.stack!.replace("STATE_DIR", "stateDir"));
  const other = new TypeError("STATE_DIR");
  assert.equal(ofError(other), other);
});

Deno.test("inOwnNames() tells of what is thrown at once, and of what is rejected", async () => {
  const error = new GatehouseError("refused", "caller", "Cannot do that: TOTAL_SHARDS is 4");
  const message = "Cannot do that: totalShards is 4";
  assert.throws(
    inOwnNames(() => {
      throw error;
    }),
    { message },
  );
  await assert.rejects(inOwnNames(() => Promise.reject(error)), { message });
  assert.equal(inOwnNames((a: number, b: number) => a + b)(1, 2), 3);
});

Deno.test("logInOptionNames() tells our lines anew", () => {
  const lines: unknown[] = [];
  const written = logTo((...line) => void lines.push(line));
  const asWritten = (...line: [string, LogFields]) => line;
  const log = logInOptionNames(Object.assign(written, { keepSecret() {}, asWritten }));
  assert.deepEqual(log.asWritten("change INTENTS", { advice: "set STATE_DIR" }), [
    "change intents",
    { advice: "set stateDir" },
  ]);
  log.warn("the function of EDITED_MESSAGES failed", { advice: "change INTENTS", of: { n: 1 } });
  assert.deepEqual(lines, [
    ["warn", "the function of editedMessages failed", { advice: "change intents", of: { n: 1 } }],
  ]);
});

Deno.test("botLogInOptionNames() leaves the lines of a bot as they are, but for our advice", () => {
  const lines: unknown[] = [];
  const log = botLogInOptionNames(logTo((...line) => void lines.push(line)));
  const text = "STATE_DIR is mine; add --allow-net=a to";
  log.info("set CACHE to INTENTS", { text: `${text} CLUSTER_PERMISSIONS`, n: 1, of: { text } });
  const told = { text: `${text} clusterPermissions`, n: 1, of: { text } };
  assert.deepEqual(lines, [["info", "set CACHE to INTENTS", told]]);
});

Deno.test("OPTION_WORDS tells anew what the port refuses and how things stand, and nothing of Discord's", async () => {
  const body = { error: "it wants REST_AUTHORIZATION" };
  const asked = async (path: string, init: ResponseInit) => {
    const request = new Request(`http://unit.local${path}`);
    return await (await OPTION_WORDS.ofAnswer(request, Response.json(body, init))).json();
  };
  const told = { error: "it wants restAuthorization" };
  assert.deepEqual(await asked("/metrics", { status: 401 }), told);
  assert.deepEqual(await asked("/control/state", { status: 200 }), told);
  assert.deepEqual(await asked("/control/stats", { status: 200 }), body);
  assert.deepEqual(await asked("/api/v10/users/@me", { status: 403 }), body);
  const ours = { status: 401, headers: { "x-gatehouse-error": body.error } };
  assert.deepEqual(await asked("/api/v10/users/@me", ours), told);
  assert.equal(OPTION_WORDS.ofText("add to INTENTS: GUILDS"), "add to intents: GUILDS");
});

Deno.test("statusesInOptionNames() begins with its statuses, not when somebody begins to read", async () => {
  const feed = new Feed<Status>();
  const statuses = statusesInOptionNames(feed.read());
  feed.publish({ kind: "stopping", reason: "STATE_DIR is full" });
  feed.end();
  const told = [];
  for await (const status of statuses) told.push(status);
  assert.deepEqual(told, [{ kind: "stopping", reason: "stateDir is full" }]);
});

Deno.test("statusesInOptionNames() has who leaves before the first one forgotten, also before the start", async () => {
  const left: string[] = [];
  const leaving = (name: string) => {
    const statuses = new Feed<Status>().read();
    statuses.return = () => (left.push(name), Promise.resolve({ done: true, value: undefined }));
    return statuses;
  };
  await statusesInOptionNames(leaving("a unit that runs")).return!();
  const opened = Promise.withResolvers<AsyncGenerator<Status>>();
  assert.equal((await statusesInOptionNames(opened.promise).return!()).done, true);
  opened.resolve(leaving("one that starts later"));
  await opened.promise;
  await Promise.resolve();
  assert.deepEqual(left, ["a unit that runs", "one that starts later"]);
});
