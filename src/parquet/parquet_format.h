/* Numbers of the Parquet format, spelled as in its definition (parquet.thrift). */
#pragma once

enum eagre_parquet_type {
  EAGRE_PARQUET_BOOLEAN = 0,
  EAGRE_PARQUET_INT32 = 1,
  EAGRE_PARQUET_INT64 = 2,
  EAGRE_PARQUET_FLOAT = 4,
  EAGRE_PARQUET_DOUBLE = 5,
  EAGRE_PARQUET_BYTE_ARRAY = 6,
};

enum eagre_parquet_repetition {
  EAGRE_PARQUET_REQUIRED = 0,
  EAGRE_PARQUET_OPTIONAL = 1,
  EAGRE_PARQUET_REPEATED = 2,
};

enum eagre_parquet_encoding {
  EAGRE_PARQUET_PLAIN = 0,
  EAGRE_PARQUET_RLE = 3,
  EAGRE_PARQUET_RLE_DICTIONARY = 8,
};

enum eagre_parquet_page_type {
  EAGRE_PARQUET_DATA_PAGE = 0,
  EAGRE_PARQUET_DICTIONARY_PAGE = 2,
};

enum eagre_parquet_boundary_order {
  EAGRE_PARQUET_UNORDERED = 0,
  EAGRE_PARQUET_ASCENDING = 1,
  EAGRE_PARQUET_DESCENDING = 2,
};

/* CompressionCodec, by `enum eagre_codec`: see parquet_footer.c. */

enum eagre_parquet_converted_type {
  EAGRE_PARQUET_CONVERTED_NONE = -1,
  EAGRE_PARQUET_CONVERTED_UTF8 = 0,
  EAGRE_PARQUET_CONVERTED_MAP = 1,
  EAGRE_PARQUET_CONVERTED_LIST = 3,
  EAGRE_PARQUET_CONVERTED_DATE = 6,
  EAGRE_PARQUET_CONVERTED_TIMESTAMP_MICROS = 10,
  EAGRE_PARQUET_CONVERTED_INT_8 = 15,
  EAGRE_PARQUET_CONVERTED_INT_16 = 16,
};

/* Members of the union LogicalType. */
enum eagre_parquet_logical_type {
  EAGRE_PARQUET_LOGICAL_NONE = 0,
  EAGRE_PARQUET_LOGICAL_STRING = 1,
  EAGRE_PARQUET_LOGICAL_MAP = 2,
  EAGRE_PARQUET_LOGICAL_LIST = 3,
  EAGRE_PARQUET_LOGICAL_DATE = 6,
  EAGRE_PARQUET_LOGICAL_TIMESTAMP = 8,
  EAGRE_PARQUET_LOGICAL_INTEGER = 10,
};
