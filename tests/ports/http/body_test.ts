import assert from "node:assert/strict";
import { readBody, readStart } from "../../../ports/http/body.ts";

/** A body that never ends, and how it fares. */
function endless() {
  const fate = { sent: 0, cancelled: false };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      controller.enqueue(new Uint8Array(100).fill(1));
      fate.sent += 100;
    },
    cancel: () => void (fate.cancelled = true),
  });
  return { body, fate };
}

const bodyOf = (text: string) => new Response(text).body;

Deno.test("readBody() gives a body that is short enough, and nothing as nothing", async () => {
  assert.deepEqual(await readBody(bodyOf("12345"), 5), new TextEncoder().encode("12345"));
  assert.equal((await readBody(null, 5))!.length, 0);
  assert.equal((await readBody(bodyOf(""), 5))!.length, 0);
});

Deno.test("readBody() ends one that is longer, and reads no more of it", async () => {
  const { body, fate } = endless();
  assert.equal(await readBody(body, 1_000), null);
  assert.equal(fate.cancelled, true);
  assert.ok(fate.sent <= 1_300, `${fate.sent} bytes were read`);
});

Deno.test("readBody() fails as the body does", async () => {
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull: (it) => it.error(new Error("cut")),
  });
  await assert.rejects(readBody(body, 10), /cut/);
});

Deno.test("readStart() gives the beginning of a long body, and the whole as it goes on", async () => {
  const { body, fate } = endless();
  const { bytes, whole } = await readStart(body, 250);
  assert.equal(bytes.length, 300);
  const reader = whole!.getReader();
  let came = 0;
  while (came < 1_000) came += (await reader.read()).value!.length;
  await reader.cancel();
  assert.equal(fate.cancelled, true);
  const short = await readStart(bodyOf("short"), 5);
  assert.deepEqual([short.bytes.length, short.whole], [5, null]);
});
