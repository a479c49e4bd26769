/* The schema of a file that is read: its elements as a tree, what a leaf means, and which nodes
 * make up a STRUCT, an ARRAY or a MAP.
 *
 * ARRAY has four forms, told apart as parquet-java does:
 *   f (LIST) { repeated group list { T element } }     three levels
 *   f (LIST) { repeated T element }                    two levels; also when the repeated group has
 *                                                      several fields, or is called "array" or
 *                                                      "<f>_tuple": then it is the element
 *   repeated T f                                       one level, without LIST: never NULL
 *   f (MAP) { repeated group key_value { K key; V value } }   is a MAP, also as MAP_KEY_VALUE */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "base/base.h"
#include "column/column.h"
#include "parquet/parquet_metadata.h"

enum { EAGRE_PARQUET_TREE_DEPTH_MAX = 200 }; /* so that levels fit in a byte */

struct eagre_parquet_node {
  const struct eagre_parquet_element *element;
  const struct eagre_parquet_node *parent; /* NULL: the root */
  uint8_t definition;                      /* level from which on it is there */
  uint8_t repetition;                      /* REPEATED nodes on the way, itself included */
  uint32_t leaf_begin;                     /* leaves below (a leaf: itself) */
  uint32_t leaf_end;
  uint32_t child_count;
  struct eagre_parquet_node *children;
};

struct eagre_parquet_tree {
  struct eagre_parquet_node *root;
  uint32_t leaf_count;
  const struct eagre_parquet_node **leaves;
};

/* What is wrong with the elements, or NULL. Everything lives in `arena`. */
const char *eagre_parquet_tree_build(struct eagre_parquet_tree *tree,
                                     const struct eagre_parquet_metadata *metadata,
                                     struct eagre_arena *arena);

/* Appends "a.list.element". */
void eagre_parquet_node_append_path(const struct eagre_parquet_node *node,
                                    struct eagre_buffer *out);
/* Appends the type as parquet-java's messages spell it: "INT32 (DATE)". */
void eagre_parquet_node_append_type(const struct eagre_parquet_node *node,
                                    struct eagre_buffer *out);

/* ---- Leaves --------------------------------------------------------------------------------- */

enum eagre_parquet_meaning_kind {
  EAGRE_PARQUET_MEANS_NOTHING, /* nothing we know */
  EAGRE_PARQUET_MEANS_NULL,
  EAGRE_PARQUET_MEANS_BOOLEAN,
  EAGRE_PARQUET_MEANS_INTEGER,
  EAGRE_PARQUET_MEANS_FLOAT,
  EAGRE_PARQUET_MEANS_DOUBLE,
  EAGRE_PARQUET_MEANS_DECIMAL,
  EAGRE_PARQUET_MEANS_DATE,
  EAGRE_PARQUET_MEANS_TIMESTAMP,
  EAGRE_PARQUET_MEANS_INT96, /* a timestamp: nanoseconds of a day, and its Julian number */
  EAGRE_PARQUET_MEANS_STRING,
  EAGRE_PARQUET_MEANS_BINARY,
};

/* What the values of a leaf are. */
struct eagre_parquet_meaning {
  enum eagre_parquet_meaning_kind kind;
  uint8_t bits;      /* INTEGER */
  bool is_signed;    /* INTEGER */
  bool is_utc;       /* TIMESTAMP */
  int32_t unit;      /* TIMESTAMP: enum eagre_parquet_time_unit */
  uint8_t precision; /* DECIMAL */
  uint8_t scale;     /* DECIMAL */
};
struct eagre_parquet_meaning
eagre_parquet_element_meaning(const struct eagre_parquet_element *element);

/* ---- Groups --------------------------------------------------------------------------------- */

enum eagre_parquet_form {
  EAGRE_PARQUET_FORM_LEAF,
  EAGRE_PARQUET_FORM_STRUCT,
  EAGRE_PARQUET_FORM_LIST,
  EAGRE_PARQUET_FORM_MAP,
  EAGRE_PARQUET_FORM_WRONG, /* an annotated group that is not of its form, or one we do not read */
};

struct eagre_parquet_shape {
  enum eagre_parquet_form form;
  const struct eagre_parquet_node *repeated;    /* LIST, MAP: each of it is an element */
  const struct eagre_parquet_node *elements[2]; /* element; key and value */
  /* The element is `repeated` itself: its shape is asked for as that of an element. */
  bool is_element_repeated;
};
/* `is_element`: the node is REPEATED and stands for one element of an ARRAY. */
struct eagre_parquet_shape eagre_parquet_node_shape(const struct eagre_parquet_node *node,
                                                    bool is_element);

/* The type of what the node holds, in `arena`. NULL: not representable, and `*out_culprit` is the
 * node that is not. */
const struct eagre_type *eagre_parquet_node_infer(const struct eagre_parquet_node *node,
                                                  bool is_element, struct eagre_arena *arena,
                                                  const struct eagre_parquet_node **out_culprit);
