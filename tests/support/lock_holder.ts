/**
 * A program that takes the state folder it is given and waits. With `child` it starts one that
 * outlives it: until the end of the input that they share, which it then tells of.
 *
 * @module
 */

import { every, systemClock } from "../../ports/clock.ts";
import { lockStateDir } from "../../store/lock.ts";

const CHILD = "for await (const _ of Deno.stdin.readable); console.log('the child ends');";

const [dir, withChild] = Deno.args;
await lockStateDir(dir!, systemClock);
if (withChild === "child") {
  new Deno.Command(Deno.execPath(), { args: ["eval", CHILD], stdin: "inherit" }).spawn();
}
console.log(Deno.pid);
every(systemClock, 60_000, () => {});
