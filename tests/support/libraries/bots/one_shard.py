"""A bot of one shard, made with discord.py: it says of each dispatch what one_shard.cjs says."""

import asyncio
import json
import os

import discord
from bot_words import lines, run, say

GATEHOUSE = os.environ["GATEHOUSE"]

import discord.gateway
import discord.http
import yarl

discord.http.Route.BASE = f"{GATEHOUSE}/api/v10"
discord.gateway.DiscordWebSocket.DEFAULT_GATEWAY = yarl.URL(GATEHOUSE.replace("http", "ws"))

client = discord.Client(
    intents=discord.Intents.all(),
    enable_debug_events=True,
    shard_id=int(os.environ["SHARD"]),
    shard_count=int(os.environ["TOTAL"]),
)


@client.event
async def on_socket_raw_receive(text):
    event = json.loads(text)
    t, d = event["t"], event["d"]
    if t == "READY":
        say("session")
    elif t == "MESSAGE_CREATE":
        say("numbered", id=d["id"], s=event["s"])
    elif t == "GATEHOUSE_REPEAT":
        say("repeat", **{"from": d["from"], "to": d["to"]})


async def nothing(_):
    """It is asked for nothing."""


async def main():
    async with client:
        obeying = asyncio.create_task(lines(nothing))
        await client.start(os.environ["TOKEN"])
        obeying.cancel()


run(main())
