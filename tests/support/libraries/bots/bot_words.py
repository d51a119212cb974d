"""How bots in Python talk with the tests: a JSON object a line, by bot.ts."""

import asyncio
import json
import os
import sys
import traceback


def say(what, **about):
    print(json.dumps({"is": what, **about}), flush=True)


async def lines(obey):
    """Has each line of the input obeyed, one after the other; ends with the input."""
    loop = asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        asked = json.loads(line)
        if asked["do"] == "die":
            os._exit(1)
        try:
            await obey(asked)
        except Exception:
            say("error", error=f"{asked}: {traceback.format_exc()}")
    os._exit(1)


async def _ending(bot):
    code = 1
    try:
        await bot
        code = 0
    except BaseException:
        traceback.print_exc()
    # A thread that still waits for input would keep the program from ending.
    os._exit(code)


def run(bot):
    """Runs a bot to its end, and ends with it."""
    asyncio.run(_ending(bot))
