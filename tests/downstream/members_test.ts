import assert from "node:assert/strict";
import { giveMembers } from "../../downstream/members.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { readMembersCommand } from "../../protocol/discord/members.ts";
import type { MembersPiece } from "../../protocol/guild_pieces.ts";
import { INTENTS } from "../../protocol/discord/intents.ts";
import { stage, TERMS } from "./stage.ts";

const COMMAND = readMembersCommand({ guild_id: "9", query: "", limit: 0 })!;
const body = (i: number) => new TextEncoder().encode(`{"chunk_index":${i}}`);

/** Gives pieces, and notes what happens in which order. */
function give(pieces: (MembersPiece | null)[], goneAfter = Infinity) {
  const told: string[] = [];
  const count = (what: string) => told.filter((it) => it.startsWith(what)).length;
  const given = giveMembers(COMMAND, {
    next: () => Promise.resolve(void told.push("ask")).then(() => pieces.shift() ?? null),
    give: (bytes) =>
      void told.push(`give ${JSON.parse(new TextDecoder().decode(bytes)).chunk_index}`),
    taken: () => Promise.resolve(void told.push("taken")),
    isOver: () => count("give") >= goneAfter,
  });
  return given.then((isGiven) => ({ isGiven, told }));
}

Deno.test("giveMembers() asks for a piece when the one before has been taken, and says when it has given", async () => {
  const pieces = [
    { bodies: [body(0), body(1)], isLast: false },
    { bodies: [body(2)], isLast: true },
  ];
  assert.deepEqual(await give(pieces), {
    isGiven: true,
    told: ["ask", "give 0", "give 1", "taken", "ask", "give 2"],
  });
});

Deno.test("giveMembers() leaves it to Discord where nothing is known, and ends with who asked", async () => {
  assert.deepEqual(await give([null]), { isGiven: false, told: ["ask"] });
  const pieces = [{ bodies: [body(0), body(1)], isLast: false }, null];
  assert.deepEqual(await give(pieces, 1), { isGiven: true, told: ["ask", "give 0"] });
  const cut = [{ bodies: [body(0)], isLast: false }, null];
  assert.deepEqual(await give(cut), { isGiven: true, told: ["ask", "give 0", "taken", "ask"] });
});

const MEMBERS = { ...TERMS, intents: TERMS.intents | INTENTS.GUILD_MEMBERS };

Deno.test("members that are known come under the last number, and Discord hears nothing of it", async () => {
  const asked: string[] = [];
  const { connect, clock, events, sentUp } = stage({
    terms: MEMBERS,
    members: (_, { id, command }) => {
      asked.push(id);
      const known = command.guildId === "9";
      return Promise.resolve(known ? { bodies: [body(0)], isLast: true } : null);
    },
  });
  const client = connect();
  client.identify({ intents: MEMBERS.intents });
  await clock.advance(0);
  const s = events.shard().event();
  for (const guild_id of ["9", "8"]) {
    client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id, query: "", limit: 0 });
  }
  await clock.advance(0);
  assert.deepEqual(client.dispatches.slice(-2), [[`EVENT_${s}`, 2], ["GUILD_MEMBERS_CHUNK", 2]]);
  assert.deepEqual(sentUp.map(([, { d }]) => (d as { guild_id: string }).guild_id), ["8"]);
  assert.equal(new Set(asked).size, 2, "each question has a name of its own");
});

Deno.test("who lacks the intent for what it asks gets nothing, and Discord hears nothing", async () => {
  const { ready, clock, sentUp } = stage({ terms: MEMBERS });
  const { client } = await ready();
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id: "9", query: "", limit: 0 });
  await clock.advance(0);
  assert.deepEqual([sentUp, client.body("GUILD_MEMBERS_CHUNK")], [[], undefined]);
  client.send(OP.REQUEST_GUILD_MEMBERS, { guild_id: "9", query: "a", limit: 1 });
  await clock.advance(0);
  assert.equal(sentUp.length, 1);
});
