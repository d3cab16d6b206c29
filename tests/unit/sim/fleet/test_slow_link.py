import asyncio

from tests.support.loops import run
from viewkeeper.sim.fleet.slow_link import SlowLink


def test_a_slow_link_keeps_every_byte_in_its_order():
    async def through(delays: list[float]) -> bytes:
        heard = bytearray()
        done = asyncio.Event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            heard.extend(await reader.read(-1))
            writer.close()
            done.set()

        server = await asyncio.start_server(serve, "127.0.0.1", 0)
        link = SlowLink(server.sockets[0].getsockname()[1])
        await link.start()
        _, writer = await asyncio.open_connection("127.0.0.1", link.port)
        for number, delay_s in enumerate(delays):
            link.delay_s = delay_s
            writer.write(bytes([number]) * 1000)
            await writer.drain()
            await asyncio.sleep(0.002)
        writer.close()
        await asyncio.wait_for(done.wait(), 10)
        await link.close()
        server.close()
        return bytes(heard)

    sent = [0.0, 0.05, 0.0, 0.02, 0.0]
    assert run(through(sent)) == b"".join(bytes([n]) * 1000 for n in range(len(sent)))


def test_where_nobody_listens_the_caller_is_hung_up_on():
    async def called() -> bytes:
        link = SlowLink(1)
        await link.start()
        reader, writer = await asyncio.open_connection("127.0.0.1", link.port)
        try:
            return await asyncio.wait_for(reader.read(1), 10)
        except ConnectionError:
            return b""
        finally:
            writer.close()
            await link.close()

    assert run(called()) == b""
