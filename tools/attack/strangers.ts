/**
 * Attacks by who does not show the secret, and by who shows a credential that is not for what it asks.
 *
 * @module
 */

import assert from "node:assert/strict";
import type { Attack, Stage } from "./stage.ts";

const SECRET = "attack-secret";
const KNOWN = { authorization: SECRET };
const OVERREACHING = new URL("../../tests/support/overreaching_service.ts", import.meta.url);
/** Requests of strangers that may be invalid: see docs/operations.md. */
const MOST_INVALID = 400;

/** By name. */
export const STRANGER_ATTACKS: Readonly<Record<string, Attack>> = {
  "strangers ask Discord by way of the unit": {
    isQuick: true,
    settings: { REST_AUTHORIZATION: SECRET },
    async run(stage) {
      const { sim, url } = stage;
      const tokenless = ["/users/@me", "/guilds/1", "/channels/2/messages", "/gateway/bot"];
      const hook = await webhook(stage);
      const tries = 2_000;
      const before = sim.ledger.rest.length;
      await many(tries, async (i) => {
        const path = i % 4 === 0 ? tokenless[i / 4 % 4]! : withToken(i, hook);
        const headers = i % 8 === 0 ? { authorization: `Bearer ${crypto.randomUUID()}` } : {};
        const method = i % 4 === 0 ? "GET" : "POST";
        const answer = await fetch(`${url}/api/v10${path}`, { method, headers });
        await answer.body?.cancel();
      });
      const sent = sim.ledger.rest.slice(before);
      const tokenlessRoutes = sent.map(({ route }) => route).filter((route) =>
        !/token/.test(route)
      );
      assert.deepEqual([...new Set(tokenlessRoutes)], []);
      const invalid = sent.filter(({ status, scope }) =>
        [401, 403, 429].includes(status) && scope !== "shared"
      );
      assert.ok(invalid.length <= MOST_INVALID, `${invalid.length} invalid requests`);
      const { rest } = await (await fetch(`${url}/control/state`, { headers: KNOWN })).json();
      assert.deepEqual([rest.fuse, rest.invalid], ["closed", 0]);
      const bots = await fetch(`${url}/api/v10/users/@me`, { headers: KNOWN });
      assert.equal(bots.status, 200, await bots.text());
      return `${tries} requests, ${sent.length} reached Discord, all with a token in their path, ` +
        `${invalid.length} of them invalid`;
    },
  },
  "a service reaches for what is not its": {
    isQuick: true,
    settings: {
      REST_AUTHORIZATION: SECRET,
      SERVICES: `thief=${OVERREACHING.pathname},other=${OVERREACHING.pathname}`,
    },
    async run(stage) {
      const tried = await reach(stage);
      const { "its own figures": own, "a shard": shard, ...others } = tried;
      assert.deepEqual([own, shard], ["200", "200"], "what bots have");
      for (const [what, outcome] of Object.entries(others)) {
        assert.match(outcome, /^(403|closed (4404|4004))$/, what);
      }
      return `${Object.keys(others).length} doors that are not its, none opened`;
    },
  },
};

/** The id of a webhook that is there: of a made-up token Discord says 401. */
async function webhook({ sim, url }: Stage): Promise<string> {
  const [guild] = sim.world.guilds.values();
  const channelId = guild!.channels[0]!.id;
  const made = await fetch(`${url}/api/v10/channels/${channelId}/webhooks`, {
    method: "POST",
    headers: { ...KNOWN, "content-type": "application/json" },
    body: JSON.stringify({ name: "hook" }),
  });
  return (await made.json()).id;
}

function withToken(i: number, hook: string): string {
  return i % 2 === 0 ? `/webhooks/${hook}/made-up-${i}` : `/interactions/${i}/made-up/callback`;
}

/** So many in all, 50 at a time. */
async function many(count: number, one: (i: number) => Promise<void>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: 50 }, async () => {
    while (next < count) await one(next++);
  }));
}

async function reach({ url }: Stage): Promise<Record<string, string>> {
  const response = await fetch(`${url}/control/command`, {
    method: "POST",
    headers: KNOWN,
    body: JSON.stringify({ to: { service: "thief" }, receptive: true, timeout: 20_000 }),
  });
  const { answer, error } = await response.json();
  if (error !== undefined) throw new Error(error);
  return answer;
}
