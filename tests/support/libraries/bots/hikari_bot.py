"""A bot made with hikari, behind Gatehouse: see docs/libraries/hikari.md."""

import asyncio
import os

import hikari
from bot_words import lines, say

GATEHOUSE = os.environ["GATEHOUSE"]
TOKEN = os.environ["TOKEN"]

# docs: begin
bot = hikari.GatewayBot(
    token=TOKEN,
    intents=hikari.Intents.ALL,
    rest_url=f"{GATEHOUSE}/api/v10",
    banner=None,
)
# docs: end

voice = {}


@bot.listen()
async def on_started(_: hikari.StartedEvent):
    say("ready")
    asyncio.create_task(lines(obey))


@bot.listen()
async def on_message(event: hikari.MessageCreateEvent):
    say("message", id=str(event.message_id))


@bot.listen()
async def on_exception(event: hikari.ExceptionEvent):
    say("error", error=repr(event.exception))


@bot.listen()
async def on_voice_state(event: hikari.VoiceStateUpdateEvent):
    if event.state.user_id == bot.get_me().id:
        voice.setdefault(event.guild_id, {})["session"] = event.state.session_id


@bot.listen()
async def on_voice_server(event: hikari.VoiceServerUpdateEvent):
    it = voice.setdefault(event.guild_id, {})
    it["token"], it["endpoint"] = event.token, event.raw_endpoint


async def join(guild_id, channel_id):
    voice.pop(guild_id, None)
    await bot.update_voice_state(guild_id, channel_id)
    while len(voice.get(guild_id, {})) < 3:
        await asyncio.sleep(0.01)
    say("voice", **voice[guild_id])


async def members_of(guild_id):
    """Asks by op 8, and gathers its chunks."""
    ids = []
    with bot.stream(hikari.MemberChunkEvent, timeout=10) as stream:
        await bot.request_guild_members(guild_id, query="", limit=0)
        async for chunk in stream.filter(("guild_id", guild_id)):
            ids += [str(it) for it in chunk.members]
            if chunk.chunk_index == chunk.chunk_count - 1:
                return ids


def seen(guild):
    return {
        "id": str(guild.id),
        "name": guild.name,
        "channels": [str(it) for it in guild.get_channels()],
        "roles": [str(it) for it in guild.get_roles()],
        "members": [str(it) for it in guild.get_members()],
    }


async def obey(asked):
    what = asked["do"]
    if what == "guilds":
        guilds = bot.cache.get_available_guilds_view().values()
        say("guilds", guilds=[seen(guild) for guild in guilds])
    elif what == "say":
        message = await bot.rest.create_message(int(asked["channel"]), asked["content"])
        say("said", id=str(message.id))
    elif what == "members":
        say("members", ids=await members_of(hikari.Snowflake(asked["guild"])))
    elif what == "voice":
        await join(hikari.Snowflake(asked["guild"]), hikari.Snowflake(asked["channel"]))
    elif what == "stop":
        await bot.close()
        # The thread that waits for input would keep hikari's loop from being closed.
        os._exit(0)


bot.run(check_for_updates=False)
os._exit(0)
