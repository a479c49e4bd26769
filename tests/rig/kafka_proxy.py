"""A proxy in front of a broker, which delays what passes, and cuts and resets connections when it is told to.

    with ProxiedBroker(folder, random.Random(seed)) as broker:
        ... broker.proxied_address ...
        broker.proxy.cut()

The proxy runs on a thread of its own. Everything that is chance comes from the generator it is given.
"""

import asyncio
import contextlib
import socket
import struct
import threading

from rig.kafka_broker import KafkaBroker, find_free_ports

CHUNK_BYTES = 16 * 1024
DELAY_SECONDS_MAX = 0.02
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends a reset and forgets what is unsent


class Proxy:
    """Listens on `port` and passes on to `target_port`, both of 127.0.0.1."""

    def __init__(self, port, target_port, chance):
        self.port = port
        self.cuts = 0
        self._target_port = target_port
        self._chance = chance
        self._writers = set()
        self._loop = asyncio.new_event_loop()
        self._is_delaying = False
        self._server = None
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)

    def __enter__(self):
        self._thread.start()
        self._server = self._call(asyncio.start_server(self._serve, "127.0.0.1", self.port))
        return self

    def __exit__(self, *_):
        self._call(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def cut(self):
        """Ends all connections now, each in order or with a reset, wherever in a message it stands."""
        self._call(self._cut())

    def delay(self, is_delaying):
        """Whether chunks wait a little before they are passed on."""
        self._is_delaying = is_delaying

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    async def _cut(self):
        for writer in [each for each in self._writers if not each.transport.is_closing()]:
            if self._chance.random() < 0.5:
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()
            self.cuts += 1

    async def _end(self):
        self._server.close()
        await self._cut()
        others = asyncio.all_tasks() - {asyncio.current_task()}
        await asyncio.gather(*others, return_exceptions=True)

    async def _serve(self, reader, writer):
        try:
            upstream_reader, upstream_writer = await asyncio.open_connection("127.0.0.1", self._target_port)
        except OSError:  # the broker is down: so are we
            writer.transport.abort()
            return
        self._writers |= {writer, upstream_writer}
        try:
            await asyncio.gather(self._pass(reader, upstream_writer), self._pass(upstream_reader, writer))
        finally:
            self._writers -= {writer, upstream_writer}

    async def _pass(self, reader, writer):
        """Either side may be cut at any moment: then the other one ends as well."""
        with contextlib.suppress(OSError):
            while chunk := await reader.read(self._chance.randrange(1, CHUNK_BYTES)):
                if self._is_delaying:
                    await asyncio.sleep(self._chance.random() * DELAY_SECONDS_MAX)
                writer.write(chunk)
                await writer.drain()
        writer.close()


class ProxiedBroker(KafkaBroker):
    """A broker that also listens behind a proxy; `proxied_address` is the way through it."""

    def __init__(self, directory, chance, properties=(), **more):
        super().__init__(directory, **more)
        inner, outer = find_free_ports(2)
        plain = f"PLAINTEXT://127.0.0.1:{self.port}"
        self.proxy = Proxy(outer, inner, chance)
        self._properties = [
            f"listeners={plain},PROXIED://127.0.0.1:{inner},CONTROLLER://127.0.0.1:{self.controller_port}",
            f"advertised.listeners={plain},PROXIED://127.0.0.1:{outer}",
            "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,PROXIED:PLAINTEXT,CONTROLLER:PLAINTEXT",
            "inter.broker.listener.name=PLAINTEXT",
            *properties,
        ]

    @property
    def proxied_address(self):
        return f"127.0.0.1:{self.proxy.port}"

    def __enter__(self):
        super().__enter__()
        self.proxy.__enter__()
        return self

    def __exit__(self, *arguments):
        self.proxy.__exit__(*arguments)
        super().__exit__(*arguments)
