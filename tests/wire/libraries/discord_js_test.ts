import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";

expectations({
  name: "discord.js 14",
  lacks: LACKS_NODE,
  bot: () => npmBot("discord_js.cjs"),
});
