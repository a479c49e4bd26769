/* Which row groups hold no row that meets a predicate, by their statistics. */
#pragma once

#include <stdbool.h>

#include "parquet/parquet.h"
#include "parquet/parquet_metadata.h"
#include "parquet/parquet_tree.h"

/* False only when the statistics prove that no row of the group meets `predicate`. */
bool eagre_parquet_group_may_match(const struct eagre_parquet_metadata *metadata,
                                   const struct eagre_parquet_tree *tree,
                                   const struct eagre_parquet_stored_group *group,
                                   const struct eagre_parquet_predicate *predicate);
