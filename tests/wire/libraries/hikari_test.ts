import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_PYTHON, pythonBot } from "../../support/libraries/python.ts";

const NO_GUILDS = "GUILD_CREATE does not come from a cache yet";

expectations({
  name: "hikari 2.7",
  lacks: LACKS_PYTHON,
  bot: () => pythonBot("hikari_bot.py"),
  except: {
    "gets each message once and every guild again, though it is stopped and started itself":
      NO_GUILDS,
    "misses nothing and gets every guild again, though it dies and is started itself": NO_GUILDS,
  },
});
