/* Tokens of SQL text: what the lexer gives and the parser reads.
 *
 * The whole file is cut into one array before parsing starts, so that the parser may look ahead and
 * step back freely. A token knows two places:
 *   begin, end   bytes in the text after `${name}` was replaced ("the text")
 *   position     line and column in the file as the user sees it
 * The array ends with one token of the kind END. */
#pragma once

#include "sql/sql.h"

enum eagre_sql_keyword {
  EAGRE_SQL_KEYWORD_NONE,
#define EAGRE_SQL_KEYWORD(name, role) EAGRE_SQL_KEYWORD_##name,
#include "sql/sql_keyword.def"
#undef EAGRE_SQL_KEYWORD
  EAGRE_SQL_KEYWORD_count
};

/* What a keyword means behind or instead of an operand: sql_keyword.def. */
enum eagre_sql_keyword_role {
  EAGRE_SQL_ROLE_PLAIN,
  EAGRE_SQL_ROLE_TAIL,
  EAGRE_SQL_ROLE_INFIX,
  EAGRE_SQL_ROLE_BREAK,
  EAGRE_SQL_ROLE_BY,
  EAGRE_SQL_ROLE_JOIN,
};

enum eagre_sql_token_kind {
  EAGRE_SQL_TOKEN_END,
  EAGRE_SQL_TOKEN_WORD,    /* an identifier or keyword without quotes */
  EAGRE_SQL_TOKEN_QUOTED,  /* `identifier`; text without the quotes */
  EAGRE_SQL_TOKEN_STRING,  /* 'a' "a" r'a'; text unescaped */
  EAGRE_SQL_TOKEN_NUMBER,  /* text without the suffix, `literal` and `type_kind` say what it is */
  EAGRE_SQL_TOKEN_UNKNOWN, /* a character that is no token */
#define EAGRE_SQL_SYMBOL(name, text) EAGRE_SQL_TOKEN_##name,
#include "sql/sql_symbol.def"
#undef EAGRE_SQL_SYMBOL
};

struct eagre_sql_token {
  enum eagre_sql_token_kind kind;
  enum eagre_sql_keyword keyword; /* of a WORD; NONE when it is no keyword */
  enum eagre_sql_literal_kind literal;
  enum eagre_type_kind type_kind;
  bool is_invalid; /* a WORD that needs back quotes to be an identifier */
  uint32_t begin;
  uint32_t end;
  struct eagre_sql_position position;
  uint32_t line_end; /* column behind the last token that begins on the same line */
  struct eagre_text text;
};

struct eagre_sql_tokens {
  struct eagre_sql_token *items;
  uint32_t count; /* the END token included */
};

/* A piece of the text and where it comes from in the file. */
struct eagre_sql_segment {
  uint32_t begin; /* in the text; the segment ends where the next one begins */
  uint32_t file_begin;
  uint32_t file_end;
  bool is_replacement; /* the value of the `${name}` at [file_begin, file_end) */
};

/* The text after replacement. Without `${` in the file it is the file itself, in one segment. */
struct eagre_sql_source {
  struct eagre_text file;
  struct eagre_text text;
  struct eagre_sql_segment *segments; /* the last one is a sentinel at the end of both */
  uint32_t segment_count;             /* the sentinel not counted */
};

/* Texts larger than this are refused (TEXT_TOO_LONG): offsets are 32 bits wide. */
enum { EAGRE_SQL_TEXT_SIZE_MAX = 64 * 1024 * 1024 };

/* Replaces `${name}`. Outside quotes the value is text like any other; inside a string or a quoted
 * identifier it is content, whatever characters it has. Comments are left alone. */
enum eagre_status eagre_sql_substitute(struct eagre_arena *arena, struct eagre_text file,
                                       const struct eagre_sql_define *defines,
                                       uint32_t define_count, struct eagre_sql_source *out_source,
                                       struct eagre_error *error);

/* Offset in the file of byte `offset` of the text: for a replaced piece the `$` of its `${name}`,
 * or, for the end of something (`is_end`), the byte behind its `}`. */
uint32_t eagre_sql_file_offset(const struct eagre_sql_source *source, uint32_t offset, bool is_end);

/* Line, column and length of the bytes [begin, end) of the file; the length stops at the end of the
 * line and is at least 1. */
struct eagre_sql_position eagre_sql_position_of(struct eagre_text file, uint32_t begin,
                                                uint32_t end);

/* Fills error's line, column and length. Returns `status` of the error. */
enum eagre_status eagre_sql_error_at(struct eagre_error *error, struct eagre_sql_position position);

/* The byte behind the comment (or hint) that begins at `begin`; `begin` itself when none begins
 * there, UINT32_MAX when it is not closed. Bracketed comments nest. */
uint32_t eagre_sql_comment_end(struct eagre_text text, uint32_t begin);

/* Letters, digits, the underscore and every byte of a character beyond ASCII. */
bool eagre_sql_is_word_byte(char byte);

/* Cuts the text into tokens. USAGE errors: PARSE_SYNTAX_ERROR for an unterminated string or
 * identifier, UNCLOSED_BRACKETED_COMMENT. */
enum eagre_status eagre_sql_lex(struct eagre_arena *arena, const struct eagre_sql_source *source,
                                struct eagre_sql_tokens *out_tokens, struct eagre_error *error);

/* `body` is what stands between the quotes `quote` of a string: resolves Spark's escapes
 * (\n \t \r \0 \b \Z \uXXXX \UXXXXXXXX \ooo; \% and \_ stay; a doubled quote is one). */
struct eagre_text eagre_sql_unescape(struct eagre_arena *arena, struct eagre_text body, char quote);

/* NONE when `word` is no keyword. Any case. */
enum eagre_sql_keyword eagre_sql_keyword_find(struct eagre_text word);
const char *eagre_sql_keyword_name(enum eagre_sql_keyword keyword);
enum eagre_sql_keyword_role eagre_sql_keyword_role_of(enum eagre_sql_keyword keyword);
