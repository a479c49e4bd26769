/* Tokens of DDL text, cut as Spark's lexer cuts them; only column_ddl.c reads them.
 *
 * Between tokens may stand white space (Unicode's too), "-- ..." up to the end of the line (a
 * backslash before the end continues it) and nested block comments. */
#pragma once

#include "base/base.h"

enum eagre_column_token_kind {
  EAGRE_COLUMN_TOKEN_END,
  EAGRE_COLUMN_TOKEN_WORD,         /* ASCII letters, digits, underscores, and all beyond ASCII */
  EAGRE_COLUMN_TOKEN_QUOTED,       /* a name in backticks; a doubled one inside stands for one */
  EAGRE_COLUMN_TOKEN_STRING,       /* a literal in single or double quotes, r'raw' too */
  EAGRE_COLUMN_TOKEN_MARK,         /* one character of < > ( ) , : */
  EAGRE_COLUMN_TOKEN_OPEN_COMMENT, /* the beginning of a block comment without an end */
  EAGRE_COLUMN_TOKEN_UNKNOWN,      /* one character, or a quote without an end */
};

struct eagre_column_token {
  enum eagre_column_token_kind kind;
  struct eagre_text text; /* as written, quotes included; points into the DDL text */
};

/* The first token at or after byte `begin`. `ddl` has data even when it is empty. */
struct eagre_column_token eagre_column_token_read(struct eagre_text ddl, size_t begin);

/* Whether a word would be read as a number by Spark: "12", "1e3", "5L", "2bd". */
bool eagre_column_token_is_number(struct eagre_text word);
/* Whether all bytes are ASCII. */
bool eagre_column_token_is_ascii(struct eagre_text word);
