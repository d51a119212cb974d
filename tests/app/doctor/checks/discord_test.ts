import assert from "node:assert/strict";
import {
  checkGateway,
  checkIntents,
  checkInteractions,
  checkToken,
  unasked,
} from "../../../../app/doctor/checks/discord.ts";
import { APPLICATION_FLAGS, INTENTS } from "../../../../protocol/discord/intents.ts";
import { type FactsGiven, factsOf, GOOD_APPLICATION, told } from "../../../support/doctor_facts.ts";

const WANTED = INTENTS.GUILDS | INTENTS.GUILD_MESSAGES | INTENTS.MESSAGE_CONTENT;
const application = (flags: number, guilds: number) => ({
  application: { is: { ...GOOD_APPLICATION, flags, guilds } },
});
const intents = (given: FactsGiven) => told(checkIntents(factsOf(given))).join("\n");

Deno.test("token: the bot is named; one that Discord does not know has its place to look", () => {
  assert.deepEqual(told(checkToken(factsOf())), ["ok: bot (1)"]);
  const user = { failed: "401", status: 401, isOurs: false };
  const [line] = told(checkToken(factsOf({ discord: { user } })));
  assert.match(line!, /^fail: Discord does not accept DISCORD_TOKEN \(401\) → .*page Bot/);
});

Deno.test("token: who cannot be asked has not said no", () => {
  const answer = (status: number, isOurs = false) =>
    told(unasked({ failed: "x", status, isOurs }))[0]!;
  assert.match(answer(502, true), /^fail: x → is the network up/);
  assert.match(answer(503), /^warn: x → Discord is ill/);
  assert.match(answer(429), /^warn/);
  assert.match(answer(404), /^fail: x → is DISCORD_API_URL right/);
});

Deno.test("intents: a privileged one is granted by its flag, full or limited", () => {
  const { full, limited } = APPLICATION_FLAGS.MESSAGE_CONTENT;
  const asked = (flags: number, guilds = 3) =>
    intents({ config: { intents: WANTED }, discord: application(flags, guilds) });
  assert.match(asked(0), /^fail: MESSAGE_CONTENT not granted: .*4014.* → switch it on/);
  assert.match(asked(full), /^ok: .*MESSAGE_CONTENT; the privileged ones are granted$/);
  assert.match(asked(limited), /^ok: .*as long as the bot is in fewer than 100 guilds$/);
  assert.match(asked(limited, 90), /^warn: .*it is in 90 → apply for it/);
});

Deno.test("intents: what is allowed and seldom meant is told", () => {
  const lines = intents({ config: { intents: INTENTS.GUILD_MESSAGES } });
  assert.match(lines, /warn: GUILDS is not among them/);
  assert.match(lines, /ok: messages come without their text, .* → add MESSAGE_CONTENT/);
});

Deno.test("intents: nobody is asked for those of a token that is not known", () => {
  const given = { config: { intents: WANTED }, discord: { application: null } };
  assert.match(intents(given), /^skipped: the token comes first$/);
});

Deno.test("gateway: a greeting, none, and one by another way than was asked for", () => {
  const gateway = (given: FactsGiven) => told(checkGateway(factsOf(given)))[0]!;
  assert.match(gateway({}), /^ok: gateway\.discord\.gg said HELLO after 80 ms, zlib-stream$/);
  assert.match(gateway({ discord: { hello: { failed: "no way" } } }), /^fail: no way → does a/);
  const other = gateway({ config: { gatewayCompression: "zstd-stream" } });
  assert.match(other, /^warn: .*asked for zstd-stream/);
  assert.match(gateway({ discord: { hello: null } }), /^skipped/);
});

Deno.test("interactions: the way that they come, and the key by which those that are POSTed are known", () => {
  const KEY = GOOD_APPLICATION.publicKey!;
  const seen = (interactionsUrl: string | null, discordPublicKey: string | null) => {
    const application = { is: { ...GOOD_APPLICATION, interactionsUrl } };
    return told(
      checkInteractions(factsOf({ config: { discordPublicKey }, discord: { application } })),
    )[0]!;
  };
  const url = "https://bot.example/discord";
  assert.equal(seen(null, null), "ok: they come over the gateway");
  assert.match(seen(null, KEY), /^ok: .* → to have Discord POST them, enter/);
  assert.equal(seen(url, KEY.toUpperCase()), `ok: Discord POSTs them to ${url}`);
  assert.match(
    seen(url, null),
    /^warn: .*none comes over the gateway → set DISCORD_PUBLIC_KEY=abab/,
  );
  assert.match(
    seen(url, "cd".repeat(32)),
    /^fail: .*not this application's.* → set DISCORD_PUBLIC_KEY=abab/,
  );
});
