import assert from "node:assert/strict";
import fc from "fast-check";
import { narrower, worthTrying } from "../../gateway/narrowing.ts";
import {
  ALL_INTENTS,
  APPLICATION_FLAGS,
  grantedIntents,
  intentBits,
  INTENTS,
  PRIVILEGED_INTENTS,
} from "../../protocol/discord/intents.ts";

const { GUILD_PRESENCES, GUILD_MEMBERS, MESSAGE_CONTENT } = APPLICATION_FLAGS;
const EVERY_FLAG = GUILD_PRESENCES.full | GUILD_MEMBERS.full | MESSAGE_CONTENT.full;
const without = (...names: (keyof typeof APPLICATION_FLAGS)[]) => ALL_INTENTS & ~intentBits(names);

Deno.test("narrower() leaves out what the flags do not grant, and nothing else", () => {
  assert.equal(
    narrower(ALL_INTENTS, EVERY_FLAG & ~GUILD_MEMBERS.full, false),
    without("GUILD_MEMBERS"),
  );
  const small = GUILD_MEMBERS.limited | MESSAGE_CONTENT.full;
  assert.equal(narrower(ALL_INTENTS, small, false), without("GUILD_PRESENCES"));
});

Deno.test("narrower() asks once more where the flags grant all, then without what is limited, then without all", () => {
  assert.equal(narrower(ALL_INTENTS, EVERY_FLAG, false), ALL_INTENTS);
  assert.equal(narrower(ALL_INTENTS, EVERY_FLAG, true), ALL_INTENTS & ~PRIVILEGED_INTENTS);
  const limited = EVERY_FLAG & ~MESSAGE_CONTENT.full | MESSAGE_CONTENT.limited;
  assert.equal(narrower(ALL_INTENTS, limited, true), without("MESSAGE_CONTENT"));
});

Deno.test("narrower() asks for nothing privileged where nobody knows what is refused", () => {
  assert.equal(narrower(ALL_INTENTS, null, false), ALL_INTENTS & ~PRIVILEGED_INTENTS);
});

Deno.test("narrower() ends, whatever Discord refuses and whatever the flags say", () => {
  const asked = fc.integer({ min: 0, max: ALL_INTENTS }).map((bits) => bits & ALL_INTENTS);
  const flags = fc.option(fc.nat(2 ** 24));
  fc.assert(fc.property(asked, fc.array(flags, { minLength: 12 }), (first, said) => {
    let intents: number | null = first;
    let refusedOnce = 0;
    let rounds = 0;
    for (; intents !== null; rounds++) {
      assert.ok(rounds < 8, "it goes round and round");
      const next = narrower(intents, said[rounds] ?? null, refusedOnce === intents);
      if (next === null) assert.equal(intents & PRIVILEGED_INTENTS, 0);
      else {
        assert.equal(next & ~intents, 0, "it never asks for more");
        assert.equal(
          (intents ^ next) & ~PRIVILEGED_INTENTS,
          0,
          "only privileged ones are left out",
        );
      }
      refusedOnce = next === intents ? intents : 0;
      intents = next;
    }
  }));
});

Deno.test("worthTrying() is what the flags grant now; what they granted before, too, only in time", () => {
  const refused = PRIVILEGED_INTENTS;
  const doubted = INTENTS.GUILD_MEMBERS;
  const flags = GUILD_MEMBERS.full | MESSAGE_CONTENT.limited;
  assert.equal(worthTrying({ refused, doubted }, flags, false), INTENTS.MESSAGE_CONTENT);
  assert.equal(worthTrying({ refused, doubted }, flags, true), grantedIntents(flags));
  assert.equal(worthTrying({ refused: 0, doubted: 0 }, EVERY_FLAG, true), 0);
});
