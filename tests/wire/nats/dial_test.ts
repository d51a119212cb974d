import assert from "node:assert/strict";
import { loadNats } from "../../../deps.ts";
import { dialNats } from "../../../ports/nats/dial.ts";
import { ofEachNats, startNats } from "../../support/nats_server.ts";
import { openUpLine, settingsFor } from "./lines.ts";

const US = { name: "a", inbox: "inbox" };

const { nkeys } = await loadNats();

/** What one key says of another, as NATS's own `nsc` writes it. */
function tokenOf(issuer: Key, subject: Key, nats: Record<string, unknown>): string {
  const encode = (value: unknown) =>
    encodeBase64Url(new TextEncoder().encode(JSON.stringify(value)));
  const [iss, sub] = [issuer, subject].map((key) => key.getPublicKey());
  const claims = {
    jti: sub,
    iat: 1_700_000_000,
    iss,
    sub,
    name: sub,
    nats: { version: 2, ...nats },
  };
  const text = `${encode({ typ: "JWT", alg: "ed25519-nkey" })}.${encode(claims)}`;
  return `${text}.${encodeBase64Url(issuer.sign(new TextEncoder().encode(text)))}`;
}

type Key = ReturnType<typeof nkeys.createUser>;

/** The configuration of a server that lets in whom an operator's account does, and the credentials of one. */
function operated() {
  const [operator, account, system, user] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
  ];
  const all = ["subs", "data", "payload", "imports", "exports", "conn", "leaf"]
    .concat("mem_storage", "disk_storage", "streams", "consumer");
  const limits = { ...Object.fromEntries(all.map((name) => [name, -1])), wildcards: true };
  const accountOf = (key: Key) => tokenOf(operator, key, { type: "account", limits });
  const config = `
    operator: ${tokenOf(operator, operator, { type: "operator" })}
    system_account: ${system.getPublicKey()}
    resolver: MEMORY
    resolver_preload: {
      ${account.getPublicKey()}: ${accountOf(account)}
      ${system.getPublicKey()}: ${tokenOf(operator, system, { type: "account" })}
    }`;
  const own = { type: "user", pub: {}, sub: {}, subs: -1, data: -1, payload: -1 };
  const seed = new TextDecoder().decode(user.getSeed());
  const credentials = `-----BEGIN NATS USER JWT-----
${tokenOf(account, user, own)}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${seed}
------END USER NKEY SEED------
`;
  return { config, credentials };
}

ofEachNats("dialNats()", (program, title) => {
  Deno.test(`${title} is let in by credentials, which are read anew each time`, async () => {
    const { config, credentials } = operated();
    await using server = await startNats(program, config);
    const natsCredentials = await Deno.makeTempFile({ suffix: ".creds" });
    const settings = { ...settingsFor(server.url), natsCredentials };
    await assert.rejects(dialNats(settings, server.url, US));
    await Deno.writeTextFile(natsCredentials, credentials);
    const { line } = await openUpLine(settings);
    assert.notEqual(await line.keys.put("unit.a", 1), null);
    await line.close();
    await Deno.remove(natsCredentials);
    await assert.rejects(dialNats(settings, server.url, US), /No such file/);
  });

  Deno.test(`${title} is let in by user and password, or by a token`, async () => {
    for (
      const [config, secrets] of [
        ["authorization { user: gate, password: house }", {
          natsUser: "gate",
          natsPassword: "house",
        }],
        ["authorization { token: gatehouse }", { natsToken: "gatehouse" }],
      ] as const
    ) {
      await using server = await startNats(program, config);
      const settings = settingsFor(server.url);
      await assert.rejects(dialNats(settings, server.url, US), /Authorization Violation/);
      const connection = await dialNats({ ...settings, ...secrets }, server.url, US);
      assert.equal(connection.info?.version, program.version);
      await connection.close();
    }
  });
});

function encodeBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(
    /=/g,
    "",
  );
}
