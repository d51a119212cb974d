import assert from "node:assert/strict";
import { DownstreamCommands } from "../../downstream/commands.ts";
import { DownstreamSessions } from "../../downstream/sessions.ts";
import { silentLog } from "../../ports/log.ts";
import { OP } from "../../protocol/discord/opcodes.ts";
import { GatehouseError } from "../../protocol/errors.ts";
import { createVirtualClock } from "../../sim/mod.ts";

function setUp(failsWith: GatehouseError | null = null) {
  const sent: unknown[] = [];
  const given: string[] = [];
  const refused: number[] = [];
  const session = new DownstreamSessions({
    clock: createVirtualClock(),
    stream: "a",
    shardsOf: (seat) => [seat],
    newId: () => "id",
    changed() {},
    expired() {},
    done() {},
  }).begin({ total: 1, id: 0 }, { from: 0 });
  const commands = new DownstreamCommands({
    log: silentLog,
    send: (_, payload) => {
      if (failsWith) return Promise.reject(failsWith);
      return Promise.resolve(void sent.push(payload));
    },
    s: () => 7,
    give: (payload) => void given.push(String(payload)),
    taken: () => Promise.resolve(),
    isOver: () => false,
    refused: ({ code }) => void refused.push(code),
    about: () => ({}),
  });
  return { commands, session, sent, given, refused };
}

const refusal = new GatehouseError("refused", "caller", "no room");

Deno.test("DownstreamCommands sends a command up as it is", async () => {
  const { commands, session, sent } = setUp();
  const payload = { op: OP.VOICE_STATE_UPDATE, d: { guild_id: "1" } };
  await commands.pass(session, payload);
  assert.deepEqual(sent, [payload]);
});

Deno.test("DownstreamCommands answers a member request that finds no room with the last number", async () => {
  const { commands, session, given, refused } = setUp(refusal);
  await commands.pass(session, { op: OP.REQUEST_GUILD_MEMBERS, d: { guild_id: "1", query: "" } });
  const { t, s } = JSON.parse(given[0]!);
  assert.deepEqual([t, s, refused], ["RATE_LIMITED", 7, []]);
});

Deno.test("DownstreamCommands refuses an opcode that Discord does not know", async () => {
  const { commands, session, refused } = setUp(refusal);
  await commands.pass(session, { op: 77, d: null });
  assert.deepEqual(refused, [4001]);
});
