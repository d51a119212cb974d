import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_NODE, npmBot } from "../../support/libraries/npm.ts";

const NO_GUILDS = "GUILD_CREATE does not come from a cache yet";

expectations({
  name: "@discordeno/bot 21",
  lacks: LACKS_NODE,
  bot: () => npmBot("discordeno_bot.cjs"),
  except: {
    "gets each message once and every guild again, though it is stopped and started itself":
      NO_GUILDS,
    "misses nothing and gets every guild again, though it dies and is started itself": NO_GUILDS,
  },
});
