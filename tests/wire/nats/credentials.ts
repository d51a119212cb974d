/**
 * An operator, his account and its user: who lets in by credentials, for tests.
 *
 * @module
 */

import { loadNats } from "../../../deps.ts";

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
export function operated() {
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

function encodeBase64Url(bytes: Uint8Array): string {
  return btoa(String.fromCharCode(...bytes)).replace(/\+/g, "-").replace(/\//g, "_").replace(
    /=/g,
    "",
  );
}
