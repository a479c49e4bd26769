"""How much of what is long is asked of real Spark: a sample here, everything with EAGRE_LIVE=all (`make test-long`)."""

import os
import random


def sample(items, count):
    """At most `count` of the items, in their order; EAGRE_LIVE_SEED names another draw."""
    if os.environ.get("EAGRE_LIVE") == "all" or len(items) <= count:
        return list(items)
    chosen = set(random.Random(os.environ.get("EAGRE_LIVE_SEED", "1")).sample(range(len(items)), count))
    return [item for index, item in enumerate(items) if index in chosen]
