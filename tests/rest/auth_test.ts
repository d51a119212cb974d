import assert from "node:assert/strict";
import {
  authorizePlace,
  authorizeRest,
  authorizeUnit,
  type AuthRules,
  type BuiltIn,
  isConsumerToken,
  mayKnowWhy,
  OWN_CREDENTIAL_HEADER,
  refusalOf,
} from "../../rest/auth.ts";
import { cluster, service } from "../support/peers.ts";

const WITH_SECRET: AuthRules = {
  secret: "s3cret",
  credentials: new Map<string, BuiltIn>([["cluster-0", cluster(0)], [
    "service-api",
    service("api"),
  ]]),
  linkKey: "link-key",
  loopback: false,
  own: { names: new Set(), port: "" },
};
const OPEN: AuthRules = {
  ...WITH_SECRET,
  secret: undefined,
  loopback: true,
  own: { names: new Set(["127.0.0.1", "localhost", "[::1]"]), port: "8787" },
};
const HOST = { host: "127.0.0.1:8787" };

function rest(rules: AuthRules, headers: Record<string, string>) {
  const verdict = authorizeRest(new Headers(headers), rules);
  return typeof verdict === "string" ? verdict : "refused";
}

function unit(rules: AuthRules, headers: Record<string, string>) {
  const verdict = authorizeUnit(new Headers(headers), rules);
  return typeof verdict === "object" && "refused" in verdict ? verdict.refused : null;
}

Deno.test("authorizeRest() takes the secret bare, after Bot and after Bearer as the bot", () => {
  for (const authorization of ["s3cret", "Bot s3cret", "Bearer s3cret", "bot  s3cret"]) {
    assert.equal(rest(WITH_SECRET, { authorization }), "bot", authorization);
  }
});

Deno.test("authorizeRest() takes the secret with a name behind it, as on /gateway; other doors do not", () => {
  for (const authorization of ["s3cret:logger", "Bot s3cret:logger"]) {
    assert.equal(rest(WITH_SECRET, { authorization }), "bot", authorization);
    assert.notEqual(unit(WITH_SECRET, { authorization }), null, authorization);
  }
  for (
    const value of ["s3cret:", "s3cret:a/b", "s3cret:Logger", "wrong:logger", "link-key:logger"]
  ) {
    assert.equal(rest(WITH_SECRET, { authorization: `Bot ${value}` }), "refused", value);
  }
  assert.equal(isConsumerToken("s3cret:logger", WITH_SECRET), false, "it would be the bot");
});

Deno.test("authorizeRest() takes a built-in cluster's credential as the bot while it is valid", () => {
  assert.equal(rest(WITH_SECRET, { authorization: "cluster-0" }), "bot");
  assert.equal(rest(OPEN, { ...HOST, authorization: "Bot cluster-0" }), "bot");
  const later = { ...WITH_SECRET, credentials: new Map() };
  assert.equal(rest(later, { authorization: "cluster-0" }), "refused");
});

Deno.test("authorizeRest() lets another Bearer and no credential pass as they are where it is open", () => {
  assert.equal(rest(OPEN, { ...HOST, authorization: "Bearer oauth" }), "as is");
  assert.equal(rest(OPEN, HOST), "as is");
  assert.equal(rest(OPEN, { ...HOST, authorization: "" }), "as is");
});

Deno.test("authorizeRest() refuses another Bearer where there is a secret; who shows nothing is a stranger", () => {
  for (const loopback of [true, false]) {
    const rules = { ...WITH_SECRET, loopback };
    assert.equal(rest(rules, { ...HOST, authorization: "Bearer oauth" }), "refused");
    assert.equal(rest(rules, HOST), "stranger");
    assert.equal(rest(rules, { ...HOST, authorization: "" }), "stranger");
  }
});

Deno.test("authorizeRest() refuses another Bot or bare value where there is a secret", () => {
  for (const authorization of ["Bot wrong", "wrong", "s3cre", "s3cret2", "Basic s3cret", "Bot"]) {
    assert.equal(rest(WITH_SECRET, { authorization }), "refused", authorization);
  }
});

Deno.test("authorizeRest() takes any Bot value on loopback without a secret", () => {
  assert.equal(rest(OPEN, { ...HOST, authorization: "Bot anything" }), "bot");
  assert.equal(rest(OPEN, { ...HOST, authorization: "anything" }), "bot");
  assert.equal(rest(OPEN, { ...HOST, authorization: "Basic dXNlcg==" }), "refused");
});

Deno.test("authorizeRest() refuses everything off loopback without a secret", () => {
  const rules = { ...OPEN, loopback: false };
  assert.equal(rest(rules, { ...HOST, authorization: "Bot anything" }), "refused");
  assert.equal(rest(rules, HOST), "refused");
});

Deno.test("authorizeRest() refuses a foreign Origin and a foreign Host on open loopback", () => {
  const bot = { authorization: "Bot x" };
  assert.equal(rest(OPEN, { ...HOST, ...bot, origin: "http://127.0.0.1:8787" }), "bot");
  assert.equal(rest(OPEN, { host: "LOCALHOST:8787", ...bot }), "bot");
  for (const origin of ["http://evil.example", "null", "http://127.0.0.1:9999"]) {
    assert.equal(rest(OPEN, { ...HOST, ...bot, origin }), "refused", origin);
    assert.equal(rest(OPEN, { ...HOST, origin }), "refused", origin);
  }
  for (const host of ["evil.example:8787", "evil.example", ""]) {
    assert.equal(rest(OPEN, { host, ...bot }), "refused", host);
  }
});

const OUR_HOSTS = [
  "127.0.0.1",
  "LocalHost",
  "localhost.",
  "localhost.:8787",
  "[::1]",
  "[::1]:8787",
];
// By a tunnel, as `ssh -L 9000:localhost:8787`.
const BY_ANOTHER_PORT = ["localhost:9000", "127.0.0.1:80", "localhost:"];

for (const host of [...OUR_HOSTS, ...BY_ANOTHER_PORT]) {
  Deno.test(`the Host ${host} is ours by its name`, () => {
    assert.equal(rest(OPEN, { host, authorization: "Bot x" }), "bot");
    assert.equal(unit(OPEN, { host }), null);
    assert.equal(authorizePlace(new Headers({ host }), OPEN), null);
  });
}

const FOREIGN_HOSTS = [
  "evil.example",
  "evil.example.:8787",
  "localhost.evil.example",
  "evil.example:8787:localhost",
  "127.0.0.1.evil.example",
  "evil.example@localhost",
  "localhost@evil.example",
  "localhost/evil.example",
  "localhost..",
  "[::1].evil.example",
  "[::2]",
  "::1",
  ".",
  ":8787",
  "localhost:x",
  "localhost, evil.example",
];

for (const host of FOREIGN_HOSTS) {
  Deno.test(`the Host ${host} is not ours`, () => {
    assert.equal(rest(OPEN, { host, authorization: "Bot x" }), "refused");
    assert.match(unit(OPEN, { host })!, /Host/);
  });
}

Deno.test("an Origin is ours by its name and its port: another page of this machine is not", () => {
  const place = (origin: string, own = OPEN.own) =>
    authorizePlace(new Headers({ ...HOST, origin }), { ...OPEN, own });
  for (const origin of ["http://localhost:8787", "http://LOCALHOST.:8787", "http://[::1]:8787"]) {
    assert.equal(place(origin), null, origin);
  }
  const foreign = ["http://localhost", "http://localhost:9000", "http://[::1]:87", "null", ""];
  for (
    const origin of [...foreign, "http://localhost:8787.evil.example", "file://localhost:8787"]
  ) {
    assert.match(place(origin)!, /Origin/, origin);
  }
  assert.equal(place("http://localhost", { ...OPEN.own, port: "80" }), null);
  assert.equal(place("http://localhost:80", { ...OPEN.own, port: "80" }), null);
});

Deno.test("authorizeRest() lets a foreign Host pass with the secret: a server may stand in front", () => {
  const headers = { host: "bots.example", authorization: "Bot s3cret" };
  assert.equal(rest({ ...WITH_SECRET, loopback: true }, headers), "bot");
});

Deno.test("a caller that shows the secret in a header of ours keeps a credential of its own", () => {
  for (const shown of ["s3cret", "Bot s3cret", "Bearer s3cret", "cluster-0"]) {
    for (const authorization of ["Bot other.bot.token", "Bearer oauth", "anything"]) {
      const verdict = rest(WITH_SECRET, { [OWN_CREDENTIAL_HEADER]: shown, authorization });
      assert.equal(verdict, "as is", `${shown}, ${authorization}`);
    }
    assert.equal(rest(WITH_SECRET, { [OWN_CREDENTIAL_HEADER]: shown }), "as is");
  }
});

Deno.test("a wrong value in our header refuses, whatever else is shown", () => {
  for (const shown of ["wrong", "", "Bot", "Basic s3cret", "s3cret s3cret", "Bearer oauth"]) {
    for (const authorization of ["Bot s3cret", "Bearer oauth", "Bot other.bot.token", ""]) {
      const verdict = rest(WITH_SECRET, { [OWN_CREDENTIAL_HEADER]: shown, authorization });
      assert.equal(verdict, "refused", `${shown}, ${authorization}`);
    }
  }
});

Deno.test("on open loopback any value in our header will do, but not from a web page", () => {
  const own = { [OWN_CREDENTIAL_HEADER]: "x", authorization: "Bot other.bot.token" };
  assert.equal(rest(OPEN, { ...HOST, ...own }), "as is");
  assert.equal(rest(OPEN, { ...HOST, ...own, origin: "http://evil.example" }), "refused");
  assert.equal(rest(OPEN, { ...own, host: "evil.example" }), "refused");
  assert.equal(rest({ ...OPEN, loopback: false }, { ...HOST, ...own }), "refused");
});

Deno.test("a refusal for our header names it and REST_AUTHORIZATION, and not what was sent", () => {
  const headers = new Headers({ [OWN_CREDENTIAL_HEADER]: "leaked", authorization: "Bot hidden" });
  const verdict = JSON.stringify(authorizeRest(headers, WITH_SECRET));
  assert.match(verdict, /x-gatehouse-authorization .*REST_AUTHORIZATION/);
  assert.doesNotMatch(verdict, /leaked|hidden|s3cret/);
});

Deno.test("authorizeUnit() wants the secret or a cluster's credential", () => {
  assert.equal(unit(WITH_SECRET, { authorization: "s3cret" }), null);
  assert.equal(unit(WITH_SECRET, { authorization: "Bearer cluster-0" }), null);
  assert.match(unit(WITH_SECRET, {})!, /missing/);
  assert.match(unit(WITH_SECRET, { authorization: "Bearer oauth" })!, /REST_AUTHORIZATION/);
});

Deno.test("authorizeUnit() is open to programs on loopback without a secret, not to web pages", () => {
  assert.equal(unit(OPEN, HOST), null);
  assert.match(unit(OPEN, { ...HOST, origin: "http://evil.example" })!, /Origin/);
  assert.match(unit(OPEN, { host: "evil.example" })!, /Host/);
});

Deno.test("a refusal never holds what was sent", () => {
  const verdict = authorizeRest(new Headers({ authorization: "Bot leaked" }), WITH_SECRET);
  assert.ok(!JSON.stringify(verdict).includes("leaked"));
  assert.ok(!JSON.stringify(verdict).includes("s3cret"));
});

Deno.test("authorizePlace() asks for no credential, and keeps web pages from an open unit", () => {
  const place = (rules: AuthRules, headers: Record<string, string>) =>
    authorizePlace(new Headers(headers), rules);
  assert.equal(place(WITH_SECRET, { host: "anywhere" }), null);
  assert.equal(place(OPEN, HOST), null);
  assert.match(place(OPEN, { host: "evil.test" })!, /Host/);
  assert.match(place(OPEN, { ...HOST, origin: "https://evil.test" })!, /Origin/);
});

Deno.test("isConsumerToken() takes the secret, and anything only where the unit is open", () => {
  assert.equal(isConsumerToken("s3cret", WITH_SECRET), true);
  assert.equal(isConsumerToken("s3cre", WITH_SECRET), false);
  assert.equal(isConsumerToken("", WITH_SECRET), false);
  assert.equal(isConsumerToken("cluster-0", WITH_SECRET), false, "it has its own shards, not any");
  assert.equal(isConsumerToken("anything", OPEN), true);
  assert.equal(isConsumerToken("anything", { ...OPEN, loopback: false }), false);
});

Deno.test("authorizeRest() never lets our secret out as a caller's own credential", () => {
  const headers = { [OWN_CREDENTIAL_HEADER]: "s3cret", authorization: "Bot s3cret" };
  assert.equal(rest(WITH_SECRET, headers), "bot");
});

Deno.test("mayKnowWhy() is for who shows the secret, and on loopback for programs of this machine", () => {
  const may = (rules: AuthRules, headers: Record<string, string>) =>
    mayKnowWhy(new Headers(headers), rules);
  const far = { host: "bots.example" };
  assert.equal(may(WITH_SECRET, far), false);
  assert.equal(may(WITH_SECRET, { ...far, authorization: "wrong" }), false);
  assert.equal(may(WITH_SECRET, { ...far, authorization: "s3cret" }), true);
  const near = { ...OPEN, secret: "s3cret" };
  assert.equal(may(near, HOST), true);
  assert.equal(
    may(near, far),
    false,
    "a server stands in front, or a page's name was made to point here",
  );
  assert.equal(may(OPEN, HOST), true);
  assert.equal(may(OPEN, { ...HOST, origin: "https://evil.example" }), false);
});

Deno.test("authorizeUnit() knows whose a credential is, also where the unit is open", () => {
  const who = (rules: AuthRules, headers: Record<string, string>) =>
    authorizeUnit(new Headers(headers), rules);
  for (const rules of [WITH_SECRET, OPEN]) {
    assert.deepEqual(who(rules, { ...HOST, authorization: "cluster-0" }), cluster(0));
    assert.deepEqual(who(rules, { ...HOST, authorization: "Bot service-api" }), service("api"));
    assert.equal(who(rules, { ...HOST, authorization: "link-key" }), "consumer");
  }
  assert.equal(who(WITH_SECRET, { authorization: "s3cret" }), "operator");
  assert.equal(who(OPEN, { ...HOST, authorization: "anything" }), "operator");
});

Deno.test("the secret is an operator's though it is the key of event links, too", () => {
  const rules = { ...WITH_SECRET, linkKey: "s3cret" };
  assert.equal(authorizeUnit(new Headers({ authorization: "s3cret" }), rules), "operator");
});

Deno.test("the key of event links does not act as the bot", () => {
  assert.equal(rest(WITH_SECRET, { authorization: "link-key" }), "refused");
});

Deno.test("operators may enter everywhere, clusters to links and control, consumers to links", () => {
  const paths = ["/events", "/control/state", "/metrics", "/nowhere"];
  const statuses = (who: Parameters<typeof refusalOf>[0]) =>
    paths.map((path) => refusalOf(who, path)?.status ?? null);
  assert.deepEqual(statuses("operator"), [null, null, null, null]);
  assert.deepEqual(statuses(cluster(0)), [null, null, 403, 403]);
  assert.deepEqual(statuses("consumer"), [null, 401, 401, 401]);
  assert.deepEqual(statuses({ refused: "why" }), [401, 401, 401, 401]);
});
