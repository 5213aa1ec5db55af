"""A way to a server that can be made slow, in the test's own event loop."""

import asyncio


class Proxy:
    """Listens on a port and passes everything on, after `delay` seconds.

    >>> async with Proxy(server.socket) as proxy:
    ...     proxy.delay = 0.2
    """

    def __init__(self, socket):
        self.delay = 0.0
        self._socket = socket
        self._tasks = set()

    async def __aenter__(self):
        self._server = await asyncio.start_server(self._accept, "127.0.0.1", 0)
        port = self._server.sockets[0].getsockname()[1]
        self.url = f"redis://127.0.0.1:{port}/0"
        return self

    async def __aexit__(self, *exc):
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _accept(self, reader, writer):
        self._tasks.add(asyncio.create_task(self._serve(reader, writer)))

    async def _serve(self, from_client, to_client):
        try:
            from_server, to_server = await asyncio.open_unix_connection(self._socket)
            try:
                await asyncio.gather(
                    self._pass_on(from_client, to_server), self._pass_on(from_server, to_client)
                )
            finally:
                to_server.close()
        except OSError:
            pass  # one side has gone, and so goes the other
        finally:
            to_client.close()

    async def _pass_on(self, reader, writer):
        while chunk := await reader.read(65536):
            if self.delay:
                await asyncio.sleep(self.delay)
            writer.write(chunk)
        writer.close()
