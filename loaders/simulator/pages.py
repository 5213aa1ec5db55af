"""The simulator's front page, as JSON and as HTML: what there is to call."""

from collections.abc import Mapping
from html import escape
from string import Template
from typing import Any

from loaders.simulator.catalogue import Catalogue
from loaders.simulator.wire import Provider

_PAGE = Template("""<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>Unisono simulator</title>
<style>
  body { font: 16px/1.5 system-ui, sans-serif; max-width: 46rem; margin: 3rem auto }
  code, pre { font: 14px/1.5 ui-monospace, monospace }
  pre { background: #8881; border-radius: 6px; padding: .8rem 1rem; overflow: auto }
  :root { color-scheme: light dark }
</style>
<h1>Unisono simulator</h1>
<p>$tracks tracks, $artists artists and $albums albums, all invented, from seed $seed.</p>
<h2>Routes</h2>
$routes
<h2>Point a server here</h2>
<pre>$settings
unisono serve</pre>
<h2>Ask it yourself</h2>
<pre>TOKEN=$$(curl -s -u any:thing -d grant_type=client_credentials \\
  $origin/api/token | cut -d'"' -f4)
curl -s -H "Authorization: Bearer $$TOKEN" "$origin/v1/tracks?ids=$ids"

curl -s "$origin/ws/2/recording?fmt=json&amp;query=rid:($mbids)"  # once a second</pre>
<h2>Count and break</h2>
<pre>curl -s $origin/_stats
curl -s -d '{"route": "GET /v1/tracks", "status": 503, "times": 2}' $origin/_fault
curl -s -X POST $origin/_reset</pre>
""")


CONTROLS = ("GET /", "GET /_stats", "POST /_fault", "POST /_reset")


def tell(catalogue: Catalogue, providers: Mapping[str, Provider], origin: str) -> dict[str, Any]:
    """Return what is there."""
    return {
        "name": "Unisono simulator",
        "catalogue": {
            "seed": catalogue.seed,
            "tracks": len(catalogue.tracks),
            "artists": len(catalogue.artists),
            "albums": len(catalogue.albums),
        },
        "providers": {
            name: [route.name for route in provider.routes] for name, provider in providers.items()
        },
        "controls": list(CONTROLS),
        "examples": {
            "tracks": [track.spotify_id for track in catalogue.tracks[:3]],
            "artists": [artist.spotify_id for artist in catalogue.artists[:3]],
            "albums": [album.spotify_id for album in catalogue.albums[:3]],
            # The album that opens the catalogue is known to every provider.
            "recordings": [track.recording.mbid for track in catalogue.albums[0].tracks[:2]],
        },
        "settings": {
            "UNISONO_SPOTIFY_BASE_URL": f"{origin}/v1",
            "UNISONO_SPOTIFY_TOKEN_URL": f"{origin}/api/token",
            "UNISONO_SPOTIFY_CLIENT_ID": "anything",
            "UNISONO_SPOTIFY_CLIENT_SECRET": "anything",
            "UNISONO_MUSICBRAINZ_BASE_URL": f"{origin}/ws/2",
            "UNISONO_DEEZER_BASE_URL": origin,
            "UNISONO_LISTENBRAINZ_BASE_URL": f"{origin}/1",
            "UNISONO_WIKIDATA_BASE_URL": f"{origin}/w",
            "UNISONO_COVERART_BASE_URL": origin,
        },
    }


def front_page(told: Mapping[str, Any], origin: str) -> bytes:
    """Return the same as a page to read, with commands to copy."""
    routes = {**told["providers"], "the simulator itself": told["controls"]}
    listed = "".join(
        f"<h3>{escape(name)}</h3><pre>{escape(chr(10).join(names))}</pre>"
        for name, names in routes.items()
    )
    settings = "\n".join(f"export {name}={value}" for name, value in told["settings"].items())
    page = _PAGE.substitute(
        **told["catalogue"],
        routes=listed,
        settings=escape(settings),
        origin=escape(origin),
        ids=escape(",".join(told["examples"]["tracks"])),
        mbids=escape("+OR+".join(told["examples"]["recordings"])),
    )
    return page.encode()
