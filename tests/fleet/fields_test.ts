import assert from "node:assert/strict";
import { fieldsOf } from "../../fleet/fields.ts";
import type { Json } from "../../ports/fleet/bus.ts";

const VALUE: Json = {
  name: "a",
  count: 3,
  isOn: false,
  names: ["x"],
  parts: [{ at: 1 }],
  inner: { unit: "not a unit", "more": null },
};

Deno.test("fieldsOf() gives each field as what it is asked for", () => {
  const fields = fieldsOf("k", VALUE);
  assert.deepEqual([
    fields.text("name"),
    fields.unit("name"),
    fields.count("count"),
    fields.flag("isOn"),
    fields.texts("names"),
    fields.list("parts").map((each) => each.count("at")),
    fields.object("inner").names,
    fields.has("name"),
    fields.has("other"),
  ], ["a", "a", 3, false, ["x"], [1], ["unit", "more"], true, false]);
});

Deno.test("fieldsOf() says which field of which key was what, and what was wanted", () => {
  const fields = fieldsOf("unit.a", VALUE);
  const wrong: [() => unknown, string][] = [
    [() => fieldsOf("k", [1]), "Cannot read key k: it is a list, an object was wanted"],
    [() => fields.text("count"), "Cannot read key unit.a: count is 3, a text was wanted"],
    [
      () => fields.count("count", 4),
      "Cannot read key unit.a: count is 3, a whole number, at least 4 was wanted",
    ],
    [
      () => fields.flag("toString"),
      "Cannot read key unit.a: toString is undefined, true or false was wanted",
    ],
    [
      () => fields.object("inner").unit("unit"),
      'Cannot read key unit.a: inner.unit is "not a unit", a unit\'s name was wanted',
    ],
    [
      () => fields.list("parts")[0]!.texts("at"),
      "Cannot read key unit.a: parts[0].at is 1, a list of texts was wanted",
    ],
    [
      () => fields.list("names"),
      'Cannot read key unit.a: names[0] is "x", an object was wanted',
    ],
  ];
  for (const [read, message] of wrong) assert.throws(read, { code: "bad_message", message });
});
