import assert from "node:assert/strict";
import { EventReader } from "../../../../dashboard/page/model/server_events.js";

Deno.test("EventReader gives events as they are whole, wherever the text is cut", () => {
  const text = 'event: hello\ndata: {"a":1}\n\n: ping\n\nevent: change\r\ndata: x\r\n\r\n';
  for (let cut = 0; cut <= text.length; cut++) {
    const reader = new EventReader();
    const events = [...reader.read(text.slice(0, cut)), ...reader.read(text.slice(cut))];
    assert.deepEqual(events, [{ name: "hello", data: '{"a":1}' }, { name: "change", data: "x" }]);
  }
});

Deno.test("EventReader joins lines of data, and names what has no name", () => {
  assert.deepEqual(new EventReader().read("data: a\ndata:b\nid: 7\n\n"), [
    { name: "message", data: "a\nb" },
  ]);
});

Deno.test("EventReader gives nothing for an event without data, and none that is not whole", () => {
  assert.deepEqual(new EventReader().read("event: view\n\ndata: {}\n"), []);
});
