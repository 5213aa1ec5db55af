"""An editor of MusicBrainz: enters artists, recordings and releases, links and merges them."""

from collections.abc import Sequence

from loaders.simulator import musicbrainz_facts as facts
from loaders.simulator.musicbrainz_entities import (
    Artist,
    Group,
    Known,
    Label,
    Link,
    Place,
    Recording,
    Release,
    Url,
)

_OLDEST_PERSON, _OLDEST_BAND = 40, 12  # years before the first record, at most
_YOUNGEST_PERSON = 17
_NOW = 2025


class Editor:
    """Enters one thing after another; what was entered stands in the lists."""

    def __init__(self) -> None:
        self.artists: list[Artist] = []
        self.recordings: list[Recording] = []
        self.releases: list[Release] = []
        self.groups: list[Group] = []
        self.labels: list[Label] = []
        self.urls: dict[str, Url] = {}
        self.merged: dict[str, dict[str, str]] = {}
        self._labels_by_name: dict[str, Label] = {}

    def artist(self, mbid: str, name: str, country: str | None, first_year: int | None) -> Artist:
        """Enter an artist; `first_year` is that of the first record."""
        is_band = facts.is_group(name)
        kind = None if facts.happens(mbid, "no type") else "Group" if is_band else "Person"
        has_gender = kind == "Person" and not facts.happens(mbid, "no gender")
        area = facts.country(country) if country else None
        is_over = facts.happens(mbid, "over")
        artist = Artist(
            mbid,
            name,
            sort_name=facts.sort_name(name),
            kind=kind,
            gender=facts.pick(mbid, "gender", ("Female", "Male")) if has_gender else None,
            area=facts.town(mbid) if area and facts.happens(mbid, "from a town") else area,
            begin_area=facts.town(mbid) if facts.happens(mbid, "art") else None,
            end_area=facts.town(mbid) if is_over else None,
            begin=_year_of_birth(mbid, first_year, is_band=is_band),
            end=f"{_NOW}" if is_over else None,
            is_ended=is_over,
            ipis=_codes(mbid, "ipi", 11),
            isnis=_codes(mbid, "isni", 16),
            aliases=(facts.sort_name(name),) if facts.happens(mbid, "alias") else (),
        )
        self.artists.append(artist)
        return artist

    def recording(
        self,
        mbid: str,
        title: str,
        artists: Sequence[Artist],
        length: int | None,
        isrcs: tuple[str, ...] = (),
        *,
        disambiguation: str = "",
    ) -> Recording:
        """Enter a recording."""
        recording = Recording(
            mbid,
            title,
            facts.credit_of(artists),
            length,
            isrcs,
            disambiguation=disambiguation,
        )
        self.recordings.append(recording)
        for artist in artists:
            artist.recordings.append(recording)
        return recording

    def group(
        self,
        mbid: str,
        title: str,
        artists: Sequence[Artist],
        primary: str,
        secondary: tuple[str, ...] = (),
    ) -> Group:
        """Enter a release group."""
        group = Group(mbid, title, facts.credit_of(artists), primary, secondary)
        self.groups.append(group)
        for artist in artists:
            artist.groups.append(group)
        return group

    def release(
        self,
        mbid: str,
        group: Group,
        *,
        pressed: str,
        status: str = "Official",
        date: str | None = None,
        country: str | None = None,
        barcode: str | None = None,
        label: str | None = None,
        has_art: bool = False,
        disambiguation: str = "",
    ) -> Release:
        """Enter a release of a group; `pressed` is its format."""
        number = f"{(label or '')[:3].upper()} {100 + facts.draw(mbid, 'number', 900)}"
        release = Release(
            mbid,
            group.title,
            group.credit,
            group,
            status,
            date,
            country,
            barcode,
            self._label(label) if label else None,
            number if label and facts.happens(mbid, "catalog number") else None,
            pressed,
            has_art=has_art,
            disambiguation=disambiguation,
        )
        self.releases.append(release)
        group.releases.append(release)
        if release.label:
            release.label.releases.append(release)
        for name in release.credit:
            name.artist.releases.append(release)
        return release

    def place(self, mbid: str, recording: Recording, release: Release, disc: int = 1) -> None:
        """Put a recording at the end of a disc."""
        while len(release.discs) < disc:
            release.discs.append([])
        place = Place(mbid, recording, release, disc, len(release.discs[disc - 1]) + 1)
        release.discs[disc - 1].append(place)
        recording.places.append(place)

    def relate(self, kind: str, entity: Artist | Recording | Release, resource: str) -> None:
        """Relate an entity to a URL where it can be heard."""
        url = self.urls.get(resource)
        if url is None:
            url = self.urls[resource] = Url(facts.mbid_of("url", resource), resource)
        is_dead = facts.happens(f"{entity.mbid}{resource}", "dead link")
        link = Link(kind, entity, url, is_dead)
        url.links.append(link)
        entity.links.append(link)

    def merge(self, kind: str, entity: Known, times: int = 1) -> None:
        """Let an entity have been entered more than once: its older ids lead to it."""
        merged = self.merged.setdefault(kind, {})
        for time in range(times):
            merged[facts.mbid_of("merged", entity.mbid, str(time))] = entity.mbid

    def _label(self, name: str) -> Label:
        label = self._labels_by_name.get(name)
        if label is None:
            label = self._labels_by_name[name] = Label(facts.mbid_of("label", name), name)
            self.labels.append(label)
        return label


def _year_of_birth(mbid: str, first_year: int | None, *, is_band: bool) -> str | None:
    if first_year is None or facts.happens(mbid, "birth unknown"):
        return None
    oldest, youngest = (_OLDEST_BAND, 0) if is_band else (_OLDEST_PERSON, _YOUNGEST_PERSON)
    return str(first_year - youngest - facts.draw(mbid, "age", oldest - youngest))


def _codes(mbid: str, what: str, digits: int) -> tuple[str, ...]:
    if not facts.happens(mbid, what):
        return ()
    return (f"{facts.draw(mbid, f'{what} code', 10**digits):0{digits}}",)
