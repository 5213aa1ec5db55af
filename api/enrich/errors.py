"""What makes `unisono enrich` stop before it asks anybody anything."""


class EnrichError(ValueError):
    """A command that cannot be meant, or files that do not belong to it; says what was expected."""
