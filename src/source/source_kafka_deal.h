/* Which core reads which partition: a function of what an epoch reads, without a broker. Inside the
 * room only. */
#pragma once

#include "source/source_kafka_select.h"

/* Who read what in the last epoch. All zero: there was none. */
struct eagre_source_kafka_dealt {
  struct eagre_arena arena;
  struct eagre_source_kafka_offsets cores; /* numbers of cores as offsets */
};
void eagre_source_kafka_dealt_done(struct eagre_source_kafka_dealt *dealt);

/* Chooses `core` of all ranges, which are sorted by topic and partition. A partition stays where it
 * was; a new one goes to the core that has fewest. With `may_move` all are dealt anew where that is
 * worth what moving costs: records of range i are its end less its beginning. Deterministic. */
void eagre_source_kafka_deal(struct eagre_source_kafka_dealt *dealt,
                             struct eagre_source_kafka_ranges *ranges, uint32_t core_count,
                             bool may_move);
