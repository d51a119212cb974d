import { expectations } from "../../support/libraries/expectations.ts";
import { LACKS_PYTHON, pythonBot } from "../../support/libraries/python.ts";

expectations({
  name: "discord.py 2.7",
  lacks: LACKS_PYTHON,
  bot: () => pythonBot("discord_py.py"),
});
