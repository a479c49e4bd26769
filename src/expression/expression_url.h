/* Parts of a URL, as Java's java.net.URI cuts one (RFC 2396 with its deviations). */
#pragma once

#include "base/base.h"

/* A part that is not there has no data; all point into the text that was read. */
struct eagre_url {
  struct eagre_text scheme;
  struct eagre_text authority;
  struct eagre_text user;
  struct eagre_text host;
  struct eagre_text path;
  struct eagre_text query;
  struct eagre_text fragment;
  struct eagre_text file; /* path and query */
};

/* False when the text is no URL. */
bool eagre_url_read(struct eagre_text text, struct eagre_url *out);
