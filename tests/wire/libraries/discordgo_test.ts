import { expectations } from "../../support/libraries/expectations.ts";
import { goBot, LACKS_GO } from "../../support/libraries/go.ts";

const NO_GUILDS = "GUILD_CREATE does not come from a cache yet";

expectations({
  name: "discordgo 0.29",
  lacks: LACKS_GO,
  bot: () => goBot("discordgo"),
  except: {
    "gets each message once and every guild again, though it is stopped and started itself":
      NO_GUILDS,
    "misses nothing and gets every guild again, though it dies and is started itself": NO_GUILDS,
  },
});
