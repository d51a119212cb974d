import assert from "node:assert/strict";
import { silentLog } from "../../../ports/log.ts";
import { memoryStore } from "../../../ports/store.ts";
import { createVirtualClock } from "../../../sim/wire/virtual_clock.ts";
import { MOST_VOICE_GUILDS, Voice } from "../../../unit/reshard/voice.ts";

const join = (channel_id: string | null) => (
  { op: 4, d: { guild_id: "1", channel_id, self_mute: false, self_deaf: true } }
);
const all = () => true;

function setUp(
  answer: (path: string) => Promise<Response> = () => Promise.reject(new Error("no")),
) {
  const clock = createVirtualClock();
  const options = { clock, log: silentLog, store: memoryStore(), ask: answer };
  return { clock, options, voice: new Voice(options) };
}

Deno.test("Voice knows where the bot has asked to be, and forgets where it has left", async () => {
  const { voice } = setUp();
  voice.note("1", join("7"));
  voice.note("1", join("8"));
  voice.note("2", join("9"));
  assert.deepEqual(voice.of(all), ["1", "2"]);
  assert.deepEqual(await voice.stay("1"), join("8"), "nobody says otherwise");
  voice.note("1", join(null));
  assert.deepEqual([voice.of(all), voice.of((id) => id === "1")], [["2"], []]);
  assert.equal(await voice.stay("1"), null);
});

Deno.test("Voice goes by where Discord has the bot: moved by somebody, or sent away", async () => {
  const paths: string[] = [];
  const answers = [
    Response.json({ channel_id: "8", self_mute: true, self_deaf: false, session_id: "x" }),
    Response.json({ code: 0 }, { status: 502 }),
    new Response("<html>", { status: 200 }),
    Response.json({ code: 10065 }, { status: 404 }),
  ];
  const { voice } = setUp((path) => (paths.push(path), Promise.resolve(answers.shift()!)));
  const asked = { ...join("7"), reader: "logger" };
  voice.note("1", asked);
  const d = { guild_id: "1", channel_id: "8", self_mute: true, self_deaf: false };
  assert.deepEqual(await voice.stay("1"), { op: 4, d, reader: "logger" });
  assert.deepEqual([await voice.stay("1"), await voice.stay("1")], [asked, asked]);
  assert.deepEqual([await voice.stay("1"), voice.of(all)], [null, []]);
  assert.deepEqual(new Set(paths), new Set(["/guilds/1/voice-states/@me"]));
  voice.note("1", asked);
  answers.push(Response.json({ channel_id: null }));
  assert.equal(await voice.stay("1"), null);
});

Deno.test("Voice outlives the unit, a second after it has changed or when it is told to", async () => {
  const { clock, options, voice } = setUp();
  voice.note("1", join("7"));
  await clock.advance(1_000);
  assert.deepEqual((await Voice.load(options)).of(all), ["1"]);
  voice.note("2", join("8"));
  await voice.save();
  const next = await Voice.load(options);
  assert.deepEqual([next.of(all), await next.stay("2")], [["1", "2"], join("8")]);
  await options.store.save("voice", { "1": join(null), "2": { op: 8, d: {} }, "3": 4 });
  assert.deepEqual((await Voice.load(options)).of(all), []);
});

Deno.test("Voice forgets the oldest where it is too much", () => {
  const { voice } = setUp();
  for (let id = 0; id <= MOST_VOICE_GUILDS; id++) voice.note(String(id), join("7"));
  assert.equal(voice.of(all)[0], "1");
});
