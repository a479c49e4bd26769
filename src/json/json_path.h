/* A compiled path: get_json_object's or the colon operator's. */
#pragma once

#include "json/json.h"

enum eagre_json_step_kind {
  EAGRE_JSON_STEP_NAME,
  EAGRE_JSON_STEP_NAME_ANY_CASE,
  EAGRE_JSON_STEP_INDEX,
  EAGRE_JSON_STEP_WILDCARD,
};

struct eagre_json_step {
  enum eagre_json_step_kind kind;
  struct eagre_text name;
  uint64_t index;
};

struct eagre_json_path {
  struct eagre_arena arena; /* holds steps and names */
  bool is_colon;            /* the colon operator's meaning of nulls and wildcards */
  size_t step_count;
  struct eagre_json_step *steps;
};
