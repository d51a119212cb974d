import assert from "node:assert/strict";
import { ANSWER_PATIENCE_MS, MemberAskers } from "../../../gateway/members/askers.ts";
import { OWN_NONCE } from "../../../protocol/discord/members.ts";
import { OP } from "../../../protocol/discord/opcodes.ts";

const GUILD = "1575987154213928974";

function setUp() {
  let nowMs = 0;
  const askers = new MemberAskers({ now: () => nowMs });
  const encoder = new TextEncoder();
  const dispatch = (t: string, d: string) => encoder.encode(`{"t":"${t}","s":1,"op":0,"d":${d}}`);
  const forWhom = (t: string, d: string, shardId = 0) => {
    const audience = askers.of(shardId, t, dispatch(t, d));
    return audience && [...audience];
  };
  return {
    askers,
    ask: (d: unknown, reader?: string, shardId = 0) =>
      askers.asked(shardId, { op: OP.REQUEST_GUILD_MEMBERS, d, ...reader && { reader } }),
    chunk: (nonce: string | null, at = "0 1", shardId = 0) => {
      const [index, count] = at.split(" ");
      const said = nonce === null ? "" : `,"nonce":"${nonce}"`;
      const d = `{"guild_id":"${GUILD}","members":[{"a":{}}],"chunk_index":${index}`;
      return forWhom("GUILD_MEMBERS_CHUNK", `${d},"chunk_count":${count}${said}}`, shardId);
    },
    forWhom,
    pass: (ms: number) => void (nowMs += ms),
  };
}

Deno.test("the chunks of an answer are for who asked, known by the nonce, and no longer than they come", () => {
  const { ask, chunk } = setUp();
  ask({ guild_id: GUILD, nonce: "a" }, "logger");
  ask({ guild_id: GUILD, nonce: "b" });
  assert.deepEqual(chunk("a", "0 2"), ["logger"]);
  assert.deepEqual(chunk("b", "0 1"), [null]);
  assert.deepEqual(chunk("a", "1 2"), ["logger"]);
  assert.equal(chunk("a"), null, "nobody is known to wait: everybody gets it");
});

Deno.test("without a nonce, or with one that Discord does not echo, the guild says who asked", () => {
  const { ask, chunk } = setUp();
  ask({ guild_id: BigInt(GUILD) }, "logger");
  assert.equal(chunk(null, "0 1", 1), null, "another shard");
  assert.deepEqual(chunk(null), ["logger"]);
  ask({ guild_id: [GUILD], nonce: "x".repeat(33) }, "logger");
  assert.deepEqual(chunk(null), ["logger"]);
  ask({ guild_id: GUILD, nonce: "x".repeat(32) });
  assert.deepEqual(chunk("x".repeat(32)), [null]);
});

Deno.test("two who ask for the same in the same words both get it", () => {
  const { ask, chunk } = setUp();
  ask({ guild_id: GUILD, nonce: "a" }, "logger");
  ask({ guild_id: GUILD, nonce: "a" });
  assert.deepEqual(chunk("a"), ["logger", null]);
});

Deno.test("RATE_LIMITED is for who asked; one of another opcode, and any other dispatch, for everybody", () => {
  const { ask, forWhom } = setUp();
  ask({ guild_id: GUILD, nonce: "a" }, "logger");
  const meta = `{"guild_id":"${GUILD}","nonce":"a"}`;
  assert.equal(forWhom("RATE_LIMITED", `{"opcode":31,"retry_after":1,"meta":${meta}}`), null);
  assert.equal(forWhom("MESSAGE_CREATE", meta), null);
  assert.equal(forWhom("GUILD_MEMBERS_CHUNK", "nul"), null, "what cannot be read");
  const limited = `{"opcode":8,"retry_after":1.5,"meta":${meta}}`;
  assert.deepEqual(forWhom("RATE_LIMITED", limited), ["logger"]);
});

Deno.test("what Gatehouse has asked for is for the bot, in whichever life it did", () => {
  const { chunk } = setUp();
  assert.deepEqual(chunk(`${OWN_NONCE}x-1`), [null]);
});

Deno.test("a request is not waited for for ever, and not remembered beyond all bounds", () => {
  const { ask, chunk, pass } = setUp();
  ask({ guild_id: GUILD, nonce: "a" }, "logger");
  pass(ANSWER_PATIENCE_MS - 1);
  assert.deepEqual(chunk("a", "0 2"), ["logger"]);
  pass(ANSWER_PATIENCE_MS - 1);
  assert.deepEqual(chunk("a", "0 2"), ["logger"], "each chunk begins the time anew");
  pass(ANSWER_PATIENCE_MS);
  assert.equal(chunk("a", "1 2"), null);
  for (let i = 0; i <= 10_000; i++) ask({ guild_id: GUILD, nonce: `n${i}` }, "logger");
  assert.equal(chunk("n0"), null);
  assert.deepEqual(chunk("n10000"), ["logger"]);
});
