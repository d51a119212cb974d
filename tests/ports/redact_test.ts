import assert from "node:assert/strict";
import { plainUrl, REDACTED, redactor } from "../../ports/redact.ts";

const TOKEN = "MTk4.G1x.abc+/=-_";

Deno.test("redactor() hides fields by name at any depth, in any case", () => {
  const redact = redactor();
  const fields = {
    token: "a",
    Authorization: "b",
    nested: { clientSecret: "c", list: [{ password: "d", "set-cookie": ["e"] }] },
    credential: { user: "f" },
    shard: 3,
  };
  assert.deepEqual(redact(fields), {
    token: REDACTED,
    Authorization: REDACTED,
    nested: { clientSecret: REDACTED, list: [{ password: REDACTED, "set-cookie": REDACTED }] },
    credential: REDACTED,
    shard: 3,
  });
});

Deno.test("redactor() leaves counts alone: a number is no secret", () => {
  const fields = { tokens: 3, hasToken: true, token: null };
  assert.deepEqual(redactor()(fields), fields);
});

Deno.test("redactor() replaces a secret wherever its text turns up, with Bot before it or not", () => {
  const redact = redactor([TOKEN]);
  assert.equal(redact(`401 for Bot ${TOKEN}.`), `401 for ${REDACTED}.`);
  assert.equal(redact(`x${TOKEN}x${TOKEN}`), `x${REDACTED}x${REDACTED}`);
  assert.deepEqual(redact({ a: [`Bearer ${TOKEN}`], [TOKEN]: 1 }), {
    a: [REDACTED],
    [REDACTED]: 1,
  });
  assert.equal(
    redact(new URL(`http://h/?t=${encodeURIComponent(TOKEN)}`)),
    `http://h/?t=${REDACTED}`,
  );
});

Deno.test("redactor() replaces a secret inside JSON, where it is written with escapes", () => {
  const secret = 'a"b\\c';
  assert.equal(redactor([secret])(JSON.stringify({ x: secret })), `{"x":"${REDACTED}"}`);
});

Deno.test("redactor() takes the longer of two secrets that begin alike", () => {
  assert.equal(redactor(["abc", "abcdef"])("abcdef abc"), `${REDACTED} ${REDACTED}`);
});

Deno.test("redactor() reads errors with their causes", () => {
  const error = new Error(`bad ${TOKEN}`, { cause: new TypeError(`worse ${TOKEN}`) });
  const text = JSON.stringify(redactor([TOKEN])(Object.assign(error, { code: "E1" })));
  assert(!text.includes(TOKEN), text);
  assert(text.includes("bad [redacted]") && text.includes("worse [redacted]"), text);
  assert(text.includes('"code":"E1"'), text);
});

Deno.test("redactor() survives values that hold themselves, bytes, maps and bigints", () => {
  const loop: Record<string, unknown> = {
    n: 3n,
    bytes: new Uint8Array(5),
    map: new Map([["a", 1]]),
  };
  loop.self = loop;
  assert.deepEqual(redactor()(loop), {
    n: "3",
    bytes: "[5 bytes]",
    map: { a: 1 },
    self: "[circular]",
  });
});

Deno.test("redactor() changes nothing in the value it was given", () => {
  const fields = { token: "a", nested: { text: TOKEN } };
  redactor([TOKEN])(fields);
  assert.deepEqual(fields, { token: "a", nested: { text: TOKEN } });
});

Deno.test("redactor() takes no empty secret for every place between two letters", () => {
  assert.equal(redactor([""])("abc"), "abc");
});

Deno.test("plainUrl() leaves where, and neither who nor a query", () => {
  assert.equal(
    plainUrl("https://me:pass@bot.example:8443/in?key=1#2"),
    "https://bot.example:8443/in",
  );
  assert.equal(plainUrl("ws://[::1]:80"), "ws://[::1]/");
});
