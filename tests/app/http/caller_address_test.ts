import assert from "node:assert/strict";
import { callerAddress } from "../../../app/http/caller_address.ts";

const PROXY = "10.0.0.1";
const trusts = (address: string) => address.startsWith("10.") || address === "fd00::1";
const from = (headers: Record<string, string>, peer = PROXY) =>
  callerAddress(new Headers(headers), peer, trusts);

Deno.test("a connection that comes straight is its other end's, whatever its headers say", () => {
  const claim = { "x-forwarded-for": "203.0.113.7", forwarded: "for=203.0.113.7" };
  assert.equal(from(claim, "198.51.100.1"), "198.51.100.1");
  assert.equal(from({}, "198.51.100.1"), "198.51.100.1");
});

Deno.test("a server in front is believed who came to it, and no one before", () => {
  assert.equal(from({ "x-forwarded-for": "203.0.113.7" }), "203.0.113.7");
  assert.equal(from({ "x-forwarded-for": "1.1.1.1, 203.0.113.7" }), "203.0.113.7", "made up");
  assert.equal(from({ "x-forwarded-for": "1.1.1.1, 203.0.113.7, 10.0.0.2" }), "203.0.113.7");
  assert.equal(from({ "x-forwarded-for": "10.0.0.3, 10.0.0.2" }), "10.0.0.3");
  assert.equal(from({}), PROXY);
});

Deno.test("who says two things is not believed: a server in front passes on what it does not write itself", () => {
  const forged = { forwarded: "for=1.1.1.1", "x-forwarded-for": "203.0.113.7" };
  assert.equal(from(forged), PROXY, "a guess would cost its guesser nothing");
  assert.equal(from({ ...forged, forwarded: "for=203.0.113.7" }), "203.0.113.7");
});

Deno.test("Forwarded tells with ports, quotes and brackets", () => {
  const told = (forwarded: string) => from({ forwarded });
  assert.equal(told("for=203.0.113.7;proto=https"), "203.0.113.7");
  assert.equal(told('proto=https;For="203.0.113.7:4711", for=10.0.0.2'), "203.0.113.7");
  assert.equal(told('for="[2001:db8::1]:4711";host=bots.example, for="[fd00::1]"'), "2001:db8::1");
});

Deno.test("what is no address hides those before it, and nothing else", () => {
  assert.equal(from({ "x-forwarded-for": "203.0.113.7, unknown" }), PROXY);
  assert.equal(from({ "x-forwarded-for": "nonsense, 203.0.113.7" }), "203.0.113.7");
  assert.equal(from({ forwarded: "for=_hidden" }), PROXY);
  assert.equal(from({ "x-forwarded-for": "" }), PROXY);
});
