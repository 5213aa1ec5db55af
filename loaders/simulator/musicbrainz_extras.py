"""What only MusicBrainz has: twins of recordings, bootlegs, small bands, and what was merged."""

from collections.abc import Sequence

from loaders.simulator import musicbrainz_facts as facts
from loaders.simulator import names
from loaders.simulator.dice import Dice
from loaders.simulator.musicbrainz_editor import Editor
from loaders.simulator.musicbrainz_entities import Artist, Known, Recording
from loaders.simulator.words import ENGLISH, FRENCH, JAPANESE

_PER_SAMPLER = 10
_LEAST_OF_A_BOOTLEG, _MOST_OF_A_BOOTLEG = 4, 7
_BANDS = 12
_TAKES = 4  # recordings by each of them


def add_partners(editor: Editor) -> None:
    """Relate some artists to those who were their guests."""
    for recording in editor.recordings:
        if len(recording.credit) > 1 and facts.happens(recording.mbid, "partner"):
            host, guest = recording.credit[0].artist, recording.credit[1].artist
            if guest not in [artist for artist, _ in host.partners]:
                host.partners.append((guest, "backward"))
                guest.partners.append((host, "forward"))


def add_samplers(editor: Editor, various: Artist, example: Recording) -> None:
    """Give some recordings a shorter twin with the same ISRC, on samplers for the radio."""
    coded = [recording for recording in editor.recordings if recording.isrcs]
    chosen = [
        recording
        for recording in coded
        if recording is example or facts.happens(recording.mbid, "twin")
    ]
    for start in range(0, len(chosen), _PER_SAMPLER):
        title = f"Airwaves Sampler {1 + start // _PER_SAMPLER}"
        mbid = facts.mbid_of("sampler", various.mbid, title)
        group = editor.group(f"{mbid}", title, [various], "Album", ("Compilation",))
        sampler = editor.release(
            facts.mbid_of("release", mbid),
            group,
            pressed="CD",
            status="Promotion",
            date="2021",
            country="GB",
            barcode="",
        )
        for recording in chosen[start : start + _PER_SAMPLER]:
            twin = _twin(editor, recording)
            editor.place(facts.mbid_of("track", mbid, twin.mbid), twin, sampler)


def _twin(editor: Editor, recording: Recording) -> Recording:
    shorter = 8_000 + facts.draw(recording.mbid, "shorter", 12_000)
    return editor.recording(
        facts.mbid_of("twin", recording.mbid),
        recording.title,
        [name.artist for name in recording.credit],
        max(9_000, recording.length - shorter) if recording.length else None,
        recording.isrcs[:1],
        disambiguation="radio edit",
    )


def add_bootlegs(editor: Editor) -> None:
    """Let somebody have taped some concerts: no date, no country, no barcode, no ISRC."""
    for artist in list(editor.artists):
        songs = artist.recordings[:_MOST_OF_A_BOOTLEG]
        if len(songs) < _LEAST_OF_A_BOOTLEG or not facts.happens(artist.mbid, "bootleg"):
            continue
        mbid, town = facts.mbid_of("bootleg", artist.mbid), facts.town(artist.mbid).name
        group = editor.group(mbid, f"Live in {town}", [artist], "Album", ("Live",))
        tape = editor.release(
            facts.mbid_of("release", mbid), group, pressed="Cassette", status="Bootleg"
        )
        for song in songs:
            live = editor.recording(
                facts.mbid_of("live", song.mbid),
                song.title,
                [artist],
                song.length + 5_000 if song.length else None,
                disambiguation=f"live in {town}",
            )
            editor.place(facts.mbid_of("track", live.mbid), live, tape)


def add_bands(editor: Editor, seed: int) -> None:
    """Add bands that no shop sells."""
    dice = Dice(seed + 1)
    for place in range(_BANDS):
        scene = (ENGLISH, FRENCH, JAPANESE)[place % 3]
        mbid = facts.mbid_of("band", str(seed), str(place))
        band = editor.artist(mbid, names.band(dice, scene), scene.countries[0], 2018)
        group = editor.group(facts.mbid_of("group", mbid), names.title(dice, scene), [band], "EP")
        demo = editor.release(
            facts.mbid_of("release", mbid),
            group,
            pressed="Cassette",
            date="2018-06",
            country=scene.countries[0],
            barcode="",
        )
        for take in range(_TAKES):
            recording = editor.recording(
                facts.mbid_of("take", mbid, str(take)),
                names.title(dice, scene),
                [band],
                dice.between(128_000, 331_000),
            )
            editor.place(facts.mbid_of("track", recording.mbid), recording, demo)


def merge(editor: Editor, example: Recording) -> None:
    """Let some things have been entered twice, and the example three times."""
    editor.merge("recording", example, times=2)
    kinds: dict[str, Sequence[Known]] = {
        "artist": editor.artists,
        "recording": editor.recordings,
        "release": editor.releases,
        "release-group": editor.groups,
    }
    for kind, entities in kinds.items():
        for entity in entities:
            if entity is not example and facts.happens(entity.mbid, f"merged {kind}"):
                editor.merge(kind, entity)
