"""The web server's door: closed to updates when the program stops, and never to the files of the last messages."""

from __future__ import annotations

import asyncio

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from bot.web import Door


async def test_updates_under_way_are_finished_and_new_ones_come_again() -> None:
    arrived, let_go = asyncio.Event(), asyncio.Event()

    async def update(_request: Request) -> Response:
        arrived.set()
        await let_go.wait()
        return PlainTextResponse("committed")

    async def file(_request: Request) -> Response:
        return PlainTextResponse("picture")

    door = Door(Starlette(routes=[Route("/webhook", update, methods=["POST"]), Route("/files/1", file)]))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(door), base_url="http://test") as client:
        under_way = asyncio.create_task(client.post("/webhook"))
        await arrived.wait()
        closing = asyncio.create_task(door.close(60))
        await asyncio.sleep(0)  # the door begins to close
        assert (await client.post("/webhook")).status_code == 503
        assert (await client.get("/files/1")).text == "picture"
        assert not closing.done()
        let_go.set()
        await closing
        assert (await under_way).text == "committed"


async def test_nobody_inside_is_not_waited_for() -> None:
    await asyncio.wait_for(Door(Starlette()).close(60), 5)
