import assert from "node:assert/strict";
import { nameless, Names } from "../../../../rest/limits/fleet/names.ts";
import { routeOf } from "../../../../rest/route.ts";

Deno.test("a credential has one name, everywhere and always, from which nobody finds it", () => {
  const names = new Names();
  const first = names.of("Bot MTIz.abc");
  assert.equal(names.of("Bot MTIz.abc"), first);
  assert.equal(new Names().of("Bot MTIz.abc"), first);
  assert.notEqual(names.of("Bot MTIz.abd"), first);
  assert.match(first, /^[\w-]{22}$/);
});

Deno.test("names of credentials that are not used are forgotten", () => {
  const names = new Names();
  const first = names.of("first");
  for (let i = 0; i < 3_000; i++) names.of(`Bearer ${i}`);
  assert.equal(names.of("first"), first);
});

Deno.test("a route without a token is as it is, and one with a token has its name instead", () => {
  const plain = routeOf("POST", "/v10/channels/123/messages");
  assert.equal(nameless(plain), plain);
  for (const path of ["/v10/webhooks/12/s3cr3t", "/v10/webhooks/12/s3cr3t/messages/@original"]) {
    const { major, template } = nameless(routeOf("PATCH", path));
    assert.match(major, /^webhooks\/12\/[\w-]{22}$/);
    assert.ok(!`${major} ${template}`.includes("s3cr3t"));
  }
  const [one, other] = ["s3cr3t", "s3cr3u"].map((token) =>
    nameless(routeOf("POST", `/webhooks/12/${token}`)).major
  );
  assert.notEqual(one, other);
});
