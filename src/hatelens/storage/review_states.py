"""The states of what is reviewed, as they stand in the tables."""

from __future__ import annotations

WAITING, LEASED, DONE, LAPSED = "waiting", "leased", "done", "lapsed"
"""Of items of the queue."""
OPEN, UPHELD, OVERTURNED, UNCLEAR = "open", "upheld", "overturned", "unclear"
"""Of appeals, which may have lapsed, too."""
