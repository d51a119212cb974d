import assert from "node:assert/strict";
import { createInflater, hasSyncInflate, syncInflater } from "../../../gateway/inflate/sync.ts";
import { streamInflater } from "../../../gateway/inflate/stream.ts";
import { listen, pack, testInflater } from "./inflater_conformance.ts";

testInflater("syncInflater()", syncInflater);

Deno.test("hasSyncInflate() finds that this runtime has the handle, and remembers it", () => {
  assert.equal(hasSyncInflate(), true);
  assert.equal(hasSyncInflate(), true);
});

Deno.test("createInflater() hands plain payloads on as they are", () => {
  const payloads: Uint8Array[] = [];
  const inflater = createInflater("none", {
    payload: (bytes) => payloads.push(bytes),
    corrupt: assert.fail,
  });
  const bytes = new TextEncoder().encode('{"op":11}');
  inflater.push(bytes);
  assert.equal(payloads[0], bytes);
  inflater.end();
});

Deno.test("createInflater() is synchronous where the runtime has the handle", async () => {
  for (const compression of ["zlib-stream", "zstd-stream"] as const) {
    const { inflater, heard } = listen(createInflater, compression);
    const [message] = await pack(compression, ["now"]);
    inflater.push(message!);
    assert.deepEqual(heard, ["now"]);
    inflater.end();
  }
});

Deno.test("syncInflater() and streamInflater() give the same, split in the same way", async () => {
  const texts = Array.from({ length: 40 }, (_, i) => `{"s":${i},"d":"${"ab".repeat(i * i)}"}`);
  const messages = await pack("zlib-stream", texts);
  const [sync, stream] = [syncInflater, streamInflater].map((create) =>
    listen(create, "zlib-stream")
  );
  for (const message of messages) {
    const half = message.length >> 1;
    for (const part of [message.subarray(0, half), message.subarray(half)]) {
      sync!.inflater.push(part);
      stream!.inflater.push(part);
    }
  }
  assert.deepEqual(await stream!.until(texts.length), await sync!.until(texts.length));
  assert.deepEqual(sync!.heard, texts);
  sync!.inflater.end();
  stream!.inflater.end();
});
