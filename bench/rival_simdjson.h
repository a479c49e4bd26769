/* simdjson On-Demand behind a C face: fills the same typed columns as Eagre's decoder, in the ways
 * a C++ engine would do it, and the fastest of them is what Eagre is compared with.
 *
 *   order    IN_ORDER asks for each field by name in the order the records have (its fast path),
 *            ANY_ORDER walks the members and finds each name's column; both are told names and
 *            kinds at run time, as Eagre is. YSB ... WORDS are IN_ORDER written out for one event
 *            by hand, names known to the compiler: the least On-Demand can cost
 *   texts    IN_PLACE takes the raw token and, when no backslash is in it, points into the input,
 *            as Eagre does; COPIED unescapes into the rival's memory
 *
 * The same source is compiled for AVX2 ("haswell") and for this machine ("native"), because
 * On-Demand is chosen by the compiler's target. Its unescaped texts live until the next decode. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

enum bench_rival_kind { BENCH_RIVAL_TEXT, BENCH_RIVAL_INTEGER, BENCH_RIVAL_DOUBLE };
enum bench_rival_order {
  BENCH_RIVAL_IN_ORDER,
  BENCH_RIVAL_ANY_ORDER,
  BENCH_RIVAL_YSB,
  BENCH_RIVAL_YSB_QUERY,
  BENCH_RIVAL_DEVICE,
  BENCH_RIVAL_WORDS,
};
enum bench_rival_texts { BENCH_RIVAL_IN_PLACE, BENCH_RIVAL_COPIED };

/* As struct eagre_text. */
struct bench_rival_text {
  const char *data;
  size_t size;
};

struct bench_rival_field {
  const char *name;
  enum bench_rival_kind kind;
};

/* `data` holds bench_rival_text, int64_t or double by the field's kind; is_valid one byte a row. */
struct bench_rival_column {
  void *data;
  bool *is_valid;
};

struct bench_rival;

struct bench_rival_methods {
  struct bench_rival *(*make)(const struct bench_rival_field *fields, size_t field_count);
  void (*free)(struct bench_rival *rival);
  /* Decodes `count` records, 64 readable bytes behind each; returns how many were well-formed. */
  size_t (*decode)(struct bench_rival *rival, enum bench_rival_order order,
                   enum bench_rival_texts texts, const struct bench_rival_text *records,
                   size_t count, const struct bench_rival_column *columns);
  const char *implementation; /* simdjson's name of the kernel that is inlined here */
};

extern const struct bench_rival_methods bench_rival_haswell;
extern const struct bench_rival_methods bench_rival_native;

#ifdef __cplusplus
}
#endif
