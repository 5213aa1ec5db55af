"""The upstream of the benchmark: Spotify's bulk routes over uvloop and httptools, from templates.

`python -m tests.benchmarks.servers.upstream PORT LATENCY`; LATENCY in seconds. `/_stats` tells how
many calls there were, which forgets them. Nothing is looked up: any id is known.
"""

import asyncio
import sys
import zlib
from typing import ClassVar

import httptools
import uvloop

ARTIST = (
    b'{"external_urls":{"spotify":"https://open.spotify.com/artist/%s"},'
    b'"href":"https://api.spotify.com/v1/artists/%s","id":"%s","name":"Artist %s","type":"artist",'
    b'"uri":"spotify:artist:%s"}'
)
FULL_ARTIST = (
    b'{"external_urls":{"spotify":"https://open.spotify.com/artist/%s"},"followers":{"href":null,'
    b'"total":4711},"genres":["chamber pop","choral"],"href":"https://api.spotify.com/v1/artists",'
    b'"id":"%s","images":[{"height":640,"url":"https://i.scdn.co/image/a","width":640},'
    b'{"height":320,"url":"https://i.scdn.co/image/b","width":320}],"name":"Artist %s",'
    b'"popularity":50,"type":"artist","uri":"spotify:artist:x"}'
)
ALBUM = (
    b'{"album_type":"album","artists":[%s],"external_urls":{"spotify":"https://open.spotify.com/"},'
    b'"href":"https://api.spotify.com/v1/albums","id":"%s","images":[{"height":640,"url":'
    b'"https://i.scdn.co/image/a","width":640}],"name":"Album %s","release_date":"1999-12-31",'
    b'"release_date_precision":"day","total_tracks":12,"type":"album","uri":"spotify:album:x"%s}'
)
FULL = b',"external_ids":{"upc":"0123456789012"},"label":"Slow Harbour","popularity":40'
TRACK = (
    b'{"album":%s,"artists":[%s],"disc_number":1,"duration_ms":214293,"explicit":false,'
    b'"external_ids":{"isrc":"USRC17607839"},"external_urls":{"spotify":"https://open.spotify.com/"},'
    b'"href":"https://api.spotify.com/v1/tracks","id":"%s","is_local":false,"name":"Track %s",'
    b'"popularity":60,"preview_url":null,"track_number":3,"type":"track","uri":"spotify:track:%s"}'
)


def _other(native, kind, number):
    """Return an id that follows from another: about three tracks of four share nothing."""
    digest = zlib.crc32(b"%s%d" % (native, number))
    return b"%s%020d" % (kind, digest)


def artist(native):
    return ARTIST % ((native,) * 5)


def full_artist(native):
    return FULL_ARTIST % ((native,) * 3)


def album(native, full=FULL):
    return ALBUM % (artist(_other(native, b"ar", 0)), native, native, full)


def track(native):
    artists = b",".join(artist(_other(native, b"ar", number)) for number in (0, 1))
    inner = album(_other(native[:-1], b"al", 0), b"")
    return TRACK % (inner, artists, native, native, native)


ROUTES = {b"tracks": track, b"artists": full_artist, b"albums": album}


class Connection(asyncio.Protocol):
    latency = 0.0
    calls = 0
    made: ClassVar[dict] = {}  # entities are made once

    def connection_made(self, transport):
        self.transport = transport
        self.parser = httptools.HttpRequestParser(self)

    def data_received(self, data):
        self.parser.feed_data(data)

    def on_url(self, url):
        self.url = url

    def on_message_complete(self):
        url = httptools.parse_url(self.url)
        kind = url.path.rpartition(b"/")[2]
        if kind == b"_stats":
            body, Connection.calls = b"%d" % Connection.calls, 0
            return self.answer(body)
        if kind == b"token":
            return self.answer(b'{"access_token":"t","token_type":"Bearer","expires_in":3600}')
        Connection.calls += 1
        ids = url.query.partition(b"ids=")[2].partition(b"&")[0].replace(b"%2C", b",").split(b",")
        items = []
        for native in ids:
            item = self.made.get((kind, native))
            if item is None:
                item = self.made[kind, native] = ROUTES[kind](native)
            items.append(item)
        body = b'{"%s":[%s]}' % (kind, b",".join(items))
        if len(self.made) > 200_000:
            self.made.clear()
        if self.latency:
            return asyncio.get_running_loop().call_later(self.latency, self.answer, body)
        return self.answer(body)

    def answer(self, body):
        if not self.transport.is_closing():
            self.transport.write(
                b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n%s"
                % (len(body), body)
            )


async def main(port, latency):
    Connection.latency = latency
    server = await asyncio.get_running_loop().create_server(Connection, "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    uvloop.run(main(int(sys.argv[1]), float(sys.argv[2])))
