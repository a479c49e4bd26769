"""Random queries over results that change: after any number of epochs and restarts the rows are those of a batch query.

EAGRE_CHANGES_CASES and EAGRE_CHANGES_SEED choose how many and which.
"""

import os
import random

import pytest
from changing import as_set, batch_rows_of, flow_of, last_epoch_rows, source, write_file
from random_changes import random_query

CASES = int(os.environ.get("EAGRE_CHANGES_CASES", "8"))
SEED = int(os.environ.get("EAGRE_CHANGES_SEED", "1"))


@pytest.mark.parametrize("seed", range(SEED, SEED + CASES))
def test_a_random_query_ends_with_the_rows_of_a_batch_query(tmp_path, seed):
    chance = random.Random(seed)
    query = random_query(seed)
    print(query)
    (tmp_path / "f.sql").write_text(flow_of(query.format(source=source(True, chance.randint(1, 3))), "complete"))
    part = 0
    for _ in range(chance.randint(2, 4)):
        for _ in range(chance.randint(1, 5)):
            write_file(tmp_path / "in", part, chance.choice([1, 7, 40]), seed)
            part += 1
        rows = last_epoch_rows(tmp_path, chance.randint(1, 3))
        assert rows == as_set(batch_rows_of(tmp_path, query.format(source=source(False))))
