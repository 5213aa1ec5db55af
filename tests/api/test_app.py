"""The app around the endpoint: health, mounting, origins."""

from starlette.applications import Starlette
from starlette.routing import Mount

from api import create_app
from api.testing import TestClient, call_app
from loaders import Settings

QUERY = b'{"query": "{ __typename }"}'
JSON = {"content-type": "application/json"}


async def test_healthz_says_that_the_process_lives(client):
    answer = await client.get("/healthz")
    assert (answer.status, answer.json()) == (200, {"status": "ok"})


async def test_readyz_is_ready_and_tells_the_providers(client):
    answer = await client.get("/readyz")
    assert answer.status == 200
    assert answer.json() == {
        "status": "ready",
        "providers": [
            {"name": name, "on": True, "reason": None, "hold": 0.0}
            for name in ("spotify", "musicbrainz", "deezer", "listenbrainz", "wikidata", "coverart")
        ],
    }


async def test_a_provider_without_its_keys_is_off_and_the_server_ready(monkeypatch):
    for name in ("UNISONO_SPOTIFY_CLIENT_ID", "UNISONO_SPOTIFY_CLIENT_SECRET", "UNISONO_CONTACT"):
        monkeypatch.delenv(name, raising=False)
    app = create_app(Settings())
    async with app.router.lifespan_context(app):
        ready = await call_app(app, "GET", "/readyz")
        assert ready.status == 200
        on = [provider["name"] for provider in ready.json()["providers"] if provider["on"]]
        assert on == ["deezer", "listenbrainz", "coverart"]  # which need no keys
        body = b'{"query": "{ track(id: \\"spotify:track:0000000000000000000000\\") { name } }"}'
        answer = await call_app(app, "POST", "/graphql", headers=JSON, body=body)
        [error] = answer.json()["errors"]
        assert error["extensions"]["code"] == "PROVIDER_NOT_CONFIGURED"
        assert error["extensions"]["provider"] == "spotify"
        assert "UNISONO_SPOTIFY_CLIENT_ID" in error["message"]
        assert answer.json()["data"] == {"track": None}


async def test_an_unknown_path_is_not_found(client):
    assert (await client.get("/nope")).status == 404


async def test_mounted_under_a_prefix_it_starts_at_the_first_request():
    app = create_app(Settings.demo_settings())
    outer = Starlette(routes=[Mount("/music", app)])
    answer = await call_app(outer, "POST", "/music/graphql", headers=JSON, body=QUERY)
    assert answer.json() == {"data": {"__typename": "Query"}}
    status = b'{"query": "{ providers { name on } }"}'
    answer = await call_app(outer, "POST", "/music/graphql", headers=JSON, body=status)
    on = [{"name": name, "on": True} for name in ("SPOTIFY", "MUSICBRAINZ", "DEEZER")]
    assert answer.json() == {"data": {"providers": on}}
    page = await call_app(outer, "GET", "/music/", headers={"accept": "text/html"})
    assert page.status == 200
    await app.state.engine.close()


async def test_without_origins_a_browser_elsewhere_is_told_nothing(client):
    answer = await client.post(body=QUERY, headers={"origin": "https://elsewhere.example"})
    assert "access-control-allow-origin" not in answer.headers


async def test_an_allowed_origin_may_ask():
    async with TestClient(cors_origins=("https://music.example",)) as client:
        asked = {"origin": "https://music.example"}
        answer = await client.post(body=QUERY, headers=asked)
        assert answer.headers["access-control-allow-origin"] == "https://music.example"
        preflight = await call_app(
            client.app,
            "OPTIONS",
            "/graphql",
            headers={
                **asked,
                "access-control-request-method": "POST",
                "access-control-request-headers": "content-type,x-unisono-trace",
            },
        )
        assert preflight.status == 200
        other = await client.post(body=QUERY, headers={"origin": "https://elsewhere.example"})
        assert "access-control-allow-origin" not in other.headers
