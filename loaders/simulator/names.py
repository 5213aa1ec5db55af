"""Names for what does not exist: people, bands, songs and records in eighteen languages."""

from loaders.simulator.dice import Dice
from loaders.simulator.words import EMOJI, Scene


def person(dice: Dice, scene: Scene) -> str:
    """Return a person's name, written the way the scene's language does."""
    return scene.person.format(given=dice.pick(scene.given), family=dice.pick(scene.family))


def band(dice: Dice, scene: Scene) -> str:
    """Return the name of a band: now and then somebody and theirs."""
    name = dice.pick(scene.openings) + scene.band_glue + dice.pick(scene.endings)
    return f"{person(dice, scene)} & {name}" if dice.chance(0.06) else name


def title(dice: Dice, scene: Scene) -> str:
    """Return the title of a song: a head, mostly with a tail, rarely with an emoji."""
    name = dice.pick(scene.heads)
    if dice.chance(0.72):
        name += scene.glue + dice.pick(scene.tails)
    if dice.chance(0.02):
        name += " " + dice.pick(EMOJI)
    return name[:1].upper() + name[1:]


def label(dice: Dice, scene: Scene) -> str:
    """Return the name of a record label."""
    return dice.pick(scene.labels)
