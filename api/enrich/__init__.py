"""`unisono enrich`: a file of ids, links and ISRCs in, a file of what is known of them out.

lines.py      INPUT -> lines, one at a time
fields.py     --fields -> the document that every window of lines executes
windows.py    lines -> windows -> one operation each -> results
journal.py    results -> OUTPUT and FAILURES, so that a run can be killed at any byte and goes on
run.py        how these follow each other; progress.py shows how far they are
"""

from api.enrich.command import enrich
from api.enrich.errors import EnrichError

__all__ = ["EnrichError", "enrich"]
