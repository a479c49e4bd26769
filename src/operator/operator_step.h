/* Inside of the room `operator`: one step of a chain.
 *
 * A step owns the batch it is pushed; it pushes what comes of it to `eagre_operator_forward`, or
 * frees it. */
#pragma once

#include "operator/operator_chain.h"

struct operator_step;

struct operator_kind {
  enum eagre_status (*push)(struct operator_step *step, struct eagre_batch *batch,
                            struct eagre_error *error);
  /* End of the epoch's input; NULL when the step holds nothing back. */
  enum eagre_status (*finish)(struct operator_step *step, struct eagre_error *error);
  /* Whether the step lets no more rows through, whatever comes; NULL: never so. */
  bool (*is_finished)(const struct operator_step *step);
  /* Start of an epoch; may be NULL. */
  void (*begin)(struct operator_step *step);
  void (*free)(struct operator_step *step);
};

struct operator_step {
  const struct operator_kind *kind;
  const struct eagre_plan_node *node;
  struct eagre_chain *chain;
  struct operator_step *next; /* NULL: the chain's output */
};

struct eagre_chain {
  struct operator_step *first; /* NULL: what is pushed goes straight to the output */
  const struct eagre_expression_session *session;
  struct eagre_program_context context;
  eagre_rows_fn *output;
  void *output_context;
  struct operator_dead dead;
};

/* Hands `batch` (owned) to what follows `step`; an empty one is freed. */
enum eagre_status eagre_operator_forward(struct operator_step *step, struct eagre_batch *batch,
                                         struct eagre_error *error);
/* As the functions of operator_dead.h: rows that fail may leave the batch before `out` is made. */
enum eagre_status eagre_operator_run(struct operator_step *step, struct eagre_program *program,
                                     struct eagre_batch *batch, struct eagre_vector *out,
                                     struct eagre_error *error);
enum eagre_status eagre_operator_run_filter(struct operator_step *step,
                                            struct eagre_program *program,
                                            struct eagre_batch *batch, uint8_t **out_keep,
                                            struct eagre_error *error);

/* Each makes the step of one kind of node over input columns of type `input`. */
struct operator_step *eagre_operator_filter_new(const struct eagre_plan_node *node,
                                                const struct eagre_type *input,
                                                const struct eagre_expression_session *session);
struct operator_step *eagre_operator_project_new(const struct eagre_plan_node *node,
                                                 const struct eagre_type *input,
                                                 const struct eagre_expression_session *session);
struct operator_step *eagre_operator_watermark_new(const struct eagre_plan_node *node);
const struct eagre_event_time *
eagre_operator_watermark_event_time(const struct operator_step *step);
void eagre_operator_watermark_partitions(const struct operator_step *step,
                                         struct eagre_partition_times *out);
bool eagre_operator_is_watermark(const struct operator_step *step);
struct operator_step *eagre_operator_window_new(const struct eagre_plan_node *node,
                                                const struct eagre_type *input,
                                                const struct eagre_expression_session *session);
struct operator_step *eagre_operator_generate_new(const struct eagre_plan_node *node,
                                                  const struct eagre_type *input,
                                                  const struct eagre_expression_session *session);
struct operator_step *eagre_operator_sort_new(const struct eagre_plan_node *node,
                                              const struct eagre_expression_session *session);
/* `size_max`: bytes that the rows may take; 0: any number. */
struct operator_step *eagre_operator_over_new(const struct eagre_plan_node *node,
                                              const struct eagre_type *input, uint64_t size_max,
                                              const struct eagre_expression_session *session);
/* A JOIN with a static input, over the other one. */
struct operator_step *eagre_operator_join_new(const struct eagre_plan_node *node,
                                              struct eagre_join_table *table,
                                              const struct eagre_expression_session *session);
struct operator_step *eagre_operator_limit_new(const struct eagre_plan_node *node);
struct operator_step *eagre_operator_expect_new(const struct eagre_plan_node *node,
                                                const struct eagre_type *input,
                                                const struct eagre_expression_session *session);
/* Adds what an EXPECT step counted in this epoch; of other steps nothing. */
void eagre_operator_expect_count(const struct operator_step *step,
                                 struct eagre_expectation_count *inout);
