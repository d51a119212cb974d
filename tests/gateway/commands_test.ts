import assert from "node:assert/strict";
import {
  BOTS_SHARE,
  COMMAND_DEADLINE_MS,
  Commands,
  MOST_WAITING_COMMANDS,
  type Rank,
} from "../../gateway/commands.ts";
import { SEND_WINDOW_MS, SendWindow } from "../../gateway/send_window.ts";
import { ALL_INTENTS, INTENTS } from "../../protocol/discord/intents.ts";
import { COMMAND_OPS, MAX_COMMAND_BYTES, OP } from "../../protocol/discord/opcodes.ts";
import { createVirtualClock } from "../../sim/wire/virtual_clock.ts";

function setUp() {
  const clock = createVirtualClock();
  const session = { intents: ALL_INTENTS };
  const commands = new Commands(clock, 7, () => session.intents);
  const written: unknown[] = [];
  const write = (text: string) => void written.push(JSON.parse(text).d);
  const open = () => {
    const window = new SendWindow(41_250);
    commands.open(write, window);
    return window;
  };
  const send = (d: unknown) => commands.send({ op: OP.PRESENCE_UPDATE, d });
  const turn = (rank: Rank, d: unknown) =>
    commands.turn(rank, () => d === null ? null : { op: OP.PRESENCE_UPDATE, d });
  return { clock, commands, session, written, open, send, turn };
}

Deno.test("Commands waits until the session is ready, then sends in order", async () => {
  const { written, open, send } = setUp();
  const sent = Promise.all([send(1), send(2), send(3)]);
  assert.deepEqual(written, []);
  open();
  await sent;
  assert.deepEqual(written, [1, 2, 3]);
});

Deno.test("Commands writes op and d, nothing else", () => {
  const { commands } = setUp();
  const texts: string[] = [];
  commands.open((text) => texts.push(text), new SendWindow(41_250));
  commands.send({ op: OP.VOICE_STATE_UPDATE, d: { guild_id: "1" } });
  assert.deepEqual(texts, ['{"op":4,"d":{"guild_id":"1"}}']);
});

Deno.test("Commands writes ids that are numbers digit for digit, as a library or a program has them", () => {
  const { commands } = setUp();
  const texts: string[] = [];
  commands.open((text) => texts.push(text), new SendWindow(41_250));
  commands.send(
    structuredClone({ op: OP.VOICE_STATE_UPDATE, d: { guild_id: 1575987154213928974n } }),
  );
  assert.deepEqual(texts, ['{"op":4,"d":{"guild_id":1575987154213928974}}']);
});

Deno.test("Commands sends what the window allows and the rest when it allows more", async () => {
  const { clock, written, open, send } = setUp();
  open();
  const sent = Promise.all(Array.from({ length: 130 }, (_, i) => send(i)));
  assert.equal(written.length, 114);
  await clock.advance(SEND_WINDOW_MS - 1);
  assert.equal(written.length, 114);
  await clock.advance(1);
  await sent;
  assert.deepEqual(written, Array.from({ length: 130 }, (_, i) => i));
});

Deno.test("Commands accounts for each command in the window of its connection", () => {
  const { open, send } = setUp();
  const window = open();
  for (let i = 0; i < 114; i++) send(i);
  assert.equal(window.waitMs(0), SEND_WINDOW_MS);
});

Deno.test("Commands that were held go out on the next connection, with a window of its own", async () => {
  const { clock, commands, written, open, send } = setUp();
  open();
  const sent = Promise.all(Array.from({ length: 120 }, (_, i) => send(i)));
  commands.hold();
  await clock.advance(SEND_WINDOW_MS);
  assert.equal(written.length, 114, "a held command was sent");
  open();
  await sent;
  assert.equal(written.length, 120);
});

Deno.test("Commands refuses one that waited too long, and only that one", async () => {
  const { clock, written, open, send } = setUp();
  const early = send("early");
  const refusal = assert.rejects(early, { code: "deadline", blame: "caller", message: /shard 7/ });
  await clock.advance(1_000);
  const late = send("late");
  await clock.advance(COMMAND_DEADLINE_MS - 1_000);
  await refusal;
  open();
  await late;
  assert.deepEqual(written, ["late"]);
});

Deno.test("Commands forgets the deadline of a command that was sent", async () => {
  const { clock, commands, written, open, send } = setUp();
  open();
  await send("first");
  commands.hold();
  await clock.advance(COMMAND_DEADLINE_MS - 1);
  const second = send("second");
  await clock.advance(1);
  open();
  await second;
  assert.deepEqual(written, ["first", "second"]);
});

Deno.test("Commands refuses more than may wait", async () => {
  const { open, send } = setUp();
  const waiting = Array.from({ length: MOST_WAITING_COMMANDS }, (_, i) => send(i));
  await assert.rejects(send("one more"), { code: "refused" });
  open();
  await Promise.all(waiting.slice(0, 114));
  const settled = send("room again").catch(() => "refused");
  assert.equal(await Promise.race([settled, Promise.resolve("waits")]), "waits");
});

Deno.test("Commands takes opcodes that it does not know, until Discord closes for one", async () => {
  const { commands, open } = setUp();
  open();
  await commands.send({ op: 77, d: null });
  commands.hold();
  open();
  await commands.send({ op: 78, d: null });
  const waiting = commands.send({ op: OP.VOICE_STATE_UPDATE, d: null });
  commands.refusedOpcode();
  commands.hold();
  open();
  await waiting;
  await commands.send({ op: 77, d: null });
  await commands.send({ op: OP.VOICE_STATE_UPDATE, d: null });
  const refusal = { code: "refused", message: /Discord does not know op 78/ };
  await assert.rejects(commands.send({ op: 78, d: null }), refusal);
});

Deno.test("Commands takes the five opcodes of a bot and refuses the session's own", async () => {
  const { commands, open } = setUp();
  open();
  for (const op of COMMAND_OPS) await commands.send({ op, d: null });
  for (const op of [OP.DISPATCH, OP.HEARTBEAT, OP.IDENTIFY, OP.RESUME, 1.5]) {
    await assert.rejects(commands.send({ op, d: null }), {
      code: "refused",
      message: /expected a command's/,
    });
  }
});

Deno.test("Commands counts bytes, not characters, against Discord's limit", async () => {
  const { open, send } = setUp();
  open();
  const empty = JSON.stringify({ op: OP.PRESENCE_UPDATE, d: "" }).length;
  await send("x".repeat(MAX_COMMAND_BYTES - empty));
  await assert.rejects(send("x".repeat(MAX_COMMAND_BYTES - empty + 1)), { code: "too_large" });
  await assert.rejects(send("é".repeat(MAX_COMMAND_BYTES / 2)), { code: "too_large" });
});

Deno.test("Commands refuses everything that waits when the shard stops", async () => {
  const { clock, commands, written, open, send } = setUp();
  const refusals = [send(1), send(2)].map((sent) =>
    assert.rejects(sent, { code: "not_ready", blame: "host", message: /token is wrong/ })
  );
  commands.refuseAll("the token is wrong");
  await Promise.all(refusals);
  open();
  await clock.advance(COMMAND_DEADLINE_MS);
  assert.deepEqual(written, []);
});

Deno.test("Commands refuses at once what comes after the shard has stopped", async () => {
  const { commands, written, open, send } = setUp();
  commands.refuseAll("the token is wrong");
  await assert.rejects(send(1), { code: "not_ready", message: /token is wrong/ });
  commands.hold();
  const sent = send(2);
  open();
  await sent;
  assert.deepEqual(written, [2], "a shard that was started again takes commands");
});

Deno.test("a turn of the bot comes in order with its commands, and makes its payload then", async () => {
  const { commands, written, open, send } = setUp();
  let d = "too early";
  send(1);
  commands.turn("bot", () => ({ op: OP.PRESENCE_UPDATE, d }));
  const last = send(2);
  d = "made when it may go";
  open();
  await last;
  assert.deepEqual(written, [1, d, 2]);
});

Deno.test("a turn that is not wanted any more costs nothing", () => {
  const { open, turn, written } = setUp();
  for (const rank of ["bot", "background"] as const) turn(rank, null);
  const window = open();
  assert.deepEqual([written, window.waitMs(0)], [[], 0]);
  for (let i = 0; i < 200; i++) turn("bot", null);
  assert.equal(window.waitMs(0), 0);
});

Deno.test("what is in the background leaves the bot its share of the window, and goes after it", async () => {
  const { clock, written, open, send, turn } = setUp();
  for (let i = 0; i < 300; i++) turn("background", `background ${i}`);
  const first = send("bot");
  open();
  await first;
  assert.equal(written[0], "bot");
  assert.equal(written.length, 114 - BOTS_SHARE);
  await clock.advance(30_000);
  // The timer that was set for the background does not hold the bot up.
  await Promise.all(Array.from({ length: BOTS_SHARE }, (_, i) => send(i)));
  assert.equal(written.length, 114);
  const late = send("late");
  await clock.advance(30_000);
  await late;
  const ofTheBot = BOTS_SHARE + 1;
  assert.equal(written.length, 114 + 1 + (114 - BOTS_SHARE - ofTheBot));
});

Deno.test("a turn may ask for the next one, and the window counts both", () => {
  const { commands, open } = setUp();
  let sent = 0;
  const next = () => {
    commands.turn("background", next);
    return { op: OP.PRESENCE_UPDATE, d: ++sent };
  };
  commands.turn("background", next);
  open();
  assert.equal(sent, 114 - BOTS_SHARE);
});

Deno.test("a shard that stops forgets the bot's turns and refuses more, the background waits on", () => {
  const { commands, written, open, turn } = setUp();
  turn("bot", "forgotten");
  turn("background", "kept");
  commands.refuseAll("the token is wrong");
  assert.throws(() => turn("bot", 1), { code: "not_ready", message: /token is wrong/ });
  turn("background", "also kept");
  commands.hold();
  open();
  assert.deepEqual(written, ["kept", "also kept"]);
});

Deno.test("turns of the bot count as waiting commands", () => {
  const { turn } = setUp();
  for (let i = 0; i < MOST_WAITING_COMMANDS; i++) turn("bot", i);
  assert.throws(() => turn("bot", 1), { code: "refused" });
});

Deno.test("Commands refuses an op 8 that Discord would not answer, also one that waits for a narrower session", async () => {
  const { commands, session, written, open } = setUp();
  const op = OP.REQUEST_GUILD_MEMBERS;
  const everybody = { guild_id: "1", query: "", limit: 0 };
  const some = { guild_id: "1", query: "a", limit: 5 };
  const waiting = commands.send({ op, d: everybody });
  const passes = commands.send({ op, d: some });
  session.intents &= ~INTENTS.GUILD_MEMBERS;
  const vain = { code: "refused", message: /shard 7: the session lacks the intent GUILD_MEMBERS/ };
  const refused = assert.rejects(waiting, vain);
  await assert.rejects(commands.send({ op, d: everybody }), vain);
  open();
  await refused;
  await passes;
  assert.deepEqual(written, [some]);
  session.intents &= ~INTENTS.GUILD_PRESENCES;
  await assert.rejects(commands.send({ op, d: { ...some, presences: true } }), {
    message: /GUILD_PRESENCES/,
  });
});
