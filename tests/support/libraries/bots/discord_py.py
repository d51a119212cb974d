"""A bot made with discord.py, behind Gatehouse: see docs/libraries/discord.py.md."""

import asyncio
import os

from bot_words import lines, run, say

GATEHOUSE = os.environ["GATEHOUSE"]

# docs: begin
import discord
import yarl

discord.http.Route.BASE = f"{GATEHOUSE}/api/v10"
# Where it goes by itself when a connection is refused, without asking.
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(GATEHOUSE.replace("http", "ws"))


class Client(discord.AutoShardedClient):
    # It would wait for 5 s before each shard but the first. Here identifying costs nothing.
    async def before_identify_hook(self, shard_id, *, initial=False):
        pass


client = Client(intents=discord.Intents.all(), enable_debug_events=True)
# docs: end

voice = {}


@client.event
async def on_ready():
    say("ready")


@client.event
async def on_message(message):
    say("message", id=str(message.id))


@client.event
async def on_error(event, *_):
    import traceback

    say("error", error=f"{event}: {traceback.format_exc()}")


@client.event
async def on_socket_raw_receive(text):
    """What its voice clients get, for guilds in which no voice channel is."""
    import json

    event = json.loads(text)
    d = event["d"]
    if event["t"] == "VOICE_STATE_UPDATE" and d["user_id"] == str(client.user.id):
        voice.setdefault(d["guild_id"], {})["session"] = d["session_id"]
    elif event["t"] == "VOICE_SERVER_UPDATE":
        it = voice.setdefault(d["guild_id"], {})
        it["token"], it["endpoint"] = d["token"], d["endpoint"]


async def join(guild_id, channel_id):
    voice.pop(guild_id, None)
    guild = client.get_guild(int(guild_id))
    await guild.change_voice_state(channel=discord.Object(int(channel_id)))
    while len(voice.get(guild_id, {})) < 3:
        await asyncio.sleep(0.01)
    say("voice", **voice[guild_id])


def seen(guild):
    return {
        "id": str(guild.id),
        "name": guild.name,
        "channels": [str(it.id) for it in guild.channels],
        "roles": [str(it.id) for it in guild.roles],
        "members": [str(it.id) for it in guild.members],
    }


async def obey(asked):
    what = asked["do"]
    if what == "guilds":
        say("guilds", guilds=[seen(guild) for guild in client.guilds])
    elif what == "say":
        channel = client.get_channel(int(asked["channel"]))
        say("said", id=str((await channel.send(asked["content"])).id))
    elif what == "members":
        members = await client.get_guild(int(asked["guild"])).chunk()
        say("members", ids=[str(it.id) for it in members])
    elif what == "voice":
        await join(asked["guild"], asked["channel"])
    elif what == "stop":
        await client.close()


async def main():
    discord.utils.setup_logging()
    async with client:
        obeying = asyncio.create_task(lines(obey))
        await client.start(os.environ["TOKEN"])
        obeying.cancel()


run(main())
