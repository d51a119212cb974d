import assert from "node:assert/strict";
import {
  answerWhileAway,
  type AwayWords,
  isExpired,
  parseInteraction,
} from "../../../protocol/discord/interaction.ts";
import { snowflakeMs } from "../../../protocol/ids.ts";
import { allowedCallbacks } from "../../../sim/rest/interactions.ts";

const words: AwayWords = { inviteCode: null };
const interaction = (type: number, data?: unknown) => ({ id: "1", token: "secret", type, data });
const encode = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));

const typed = (value: unknown, type = 3) =>
  interaction(4, {
    options: [
      {
        name: "group",
        type: 2,
        options: [
          { name: "other", type: 3, value: "other" },
          { name: "query", type, value, focused: true },
        ],
      },
    ],
  });

Deno.test("answerWhileAway() defers a command, for everybody to see unless told otherwise", () => {
  const { body, mark } = answerWhileAway(interaction(2), words)!;
  assert.deepEqual({ body, mark }, { body: { type: 5 }, mark: "deferred" });
  assert.deepEqual(answerWhileAway(interaction(2), { ...words, ephemeral: true })!.body, {
    type: 5,
    data: { flags: 64 },
  });
});

Deno.test("answerWhileAway() defers the update of a component, which shows nothing", () => {
  const { body, mark } = answerWhileAway(interaction(3), { ...words, ephemeral: true })!;
  assert.deepEqual({ body, mark }, { body: { type: 6 }, mark: "deferred" });
});

Deno.test("answerWhileAway() answers a modal with words that only its sender sees", () => {
  const { body, mark } = answerWhileAway(interaction(5), words)!;
  assert.equal(mark, "answered");
  assert.equal(body.type, 4);
  assert.equal(body.data!.flags, 64);
  assert.doesNotMatch(String(body.data!.content), /discord\.gg/);
  const invited = answerWhileAway(interaction(5), { inviteCode: "gate" })!;
  assert.match(String(invited.body.data!.content), /https:\/\/discord\.gg\/gate$/);
});

Deno.test("answerWhileAway() offers what was typed as the one choice of an autocomplete", () => {
  const { body, mark } = answerWhileAway(typed("hel"), { inviteCode: "x".repeat(200) })!;
  assert.equal(mark, "answered");
  assert.equal(body.type, 8);
  const [choice, ...others] = body.data!.choices as { name: string; value: string }[];
  assert.equal(choice!.value, "hel");
  assert.ok(choice!.name.length <= 100);
  assert.deepEqual(others, []);
});

Deno.test("answerWhileAway() offers no choice that Discord would refuse or that changes the text", () => {
  for (const each of [typed(""), typed("12", 4), typed(12, 10), typed("x".repeat(101))]) {
    assert.deepEqual(answerWhileAway(each, words)!.body.data, { choices: [] });
  }
  for (
    const data of [undefined, null, {}, { options: [] }, { options: [{ type: 3, value: "a" }] }]
  ) {
    assert.deepEqual(answerWhileAway(interaction(4, data), words)!.body.data, { choices: [] });
  }
});

Deno.test("answerWhileAway() says nothing to a PING and to what it does not know", () => {
  for (const type of [0, 1, 6, 99]) assert.equal(answerWhileAway(interaction(type), words), null);
});

Deno.test("answerWhileAway() gives responses that Discord allows for the type", () => {
  for (const type of [2, 3, 4, 5]) {
    const { body } = answerWhileAway(interaction(type), words)!;
    assert.ok(allowedCallbacks({ id: "1", type, token: "t" }).includes(body.type), `${type}`);
  }
});

Deno.test("parseInteraction() reads an interaction, and nothing else", () => {
  const d = interaction(2, { name: "ping" });
  assert.deepEqual(parseInteraction(encode({ t: "X", s: 1, op: 0, d })), d);
  for (
    const other of [null, 7, {}, { ...d, id: "../1" }, { ...d, token: 1 }, { ...d, type: "2" }]
  ) {
    assert.equal(parseInteraction(encode({ d: other })), undefined);
  }
  assert.equal(parseInteraction(encode(null)), undefined);
  assert.equal(parseInteraction(new TextEncoder().encode('{"d":')), undefined);
});

Deno.test("isExpired() is true from the fifteenth minute on", () => {
  const id = "175928847299117063";
  const madeMs = snowflakeMs(id);
  assert.equal(isExpired(id, madeMs + 15 * 60_000 - 1), false);
  assert.equal(isExpired(id, madeMs + 15 * 60_000), true);
  assert.equal(isExpired(id, madeMs - 60_000), false);
});
