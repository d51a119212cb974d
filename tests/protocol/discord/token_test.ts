import assert from "node:assert/strict";
import { botIdOfToken } from "../../../protocol/discord/token.ts";

const segment = (id: string) => btoa(id).replaceAll("=", "");

Deno.test("botIdOfToken() reads the id of a token, with or without Bot, old and new", () => {
  for (const id of ["123456789012345", "123456789012345678", "1234567890123456789"]) {
    assert.equal(botIdOfToken(`${segment(id)}.Gabcde.x-y_z`), id);
    assert.equal(botIdOfToken(`Bot ${segment(id)}.Gabcde.x-y_z`), id);
  }
});

Deno.test("botIdOfToken() finds none in what is no token", () => {
  const id = segment("123456789012345678");
  const others = ["", "sim-token", id, `${id}.a`, `${id}.a.b.c`, `${segment("words")}.a.b`];
  for (
    const text of [...others, "..", "*.a.b", "abcde.a.b", `${segment("-12345678901234567")}.a.b`]
  ) {
    assert.equal(botIdOfToken(text), null, text);
  }
});
