/* Compiled once per target; RIVAL_METHODS names the table (rival_simdjson.h). */
#include "rival_simdjson.h"

#include <cstring>
#include <memory>
#include <string_view>
#include <utility>
#include <vector>

#include <simdjson.h>

namespace ondemand = simdjson::ondemand;

namespace {

/* What the opaque bench_rival is here: its layout depends on the target, so its name must not leave
 * this file. */
struct Rival {
  struct Field {
    std::string_view name;
    bench_rival_kind kind;
  };
  std::vector<Field> fields;
  ondemand::parser parser;
  std::vector<uint8_t> unescaped;
  uint8_t *unescaped_next = nullptr;
};

constexpr size_t record_size_max = 1 << 20;

bench_rival *make_rival(const bench_rival_field *fields, size_t field_count) {
  auto rival = std::make_unique<Rival>();
  for (size_t i = 0; i < field_count; i++) {
    rival->fields.push_back({fields[i].name, fields[i].kind});
  }
  if (rival->parser.allocate(record_size_max) != simdjson::SUCCESS) return nullptr;
  return reinterpret_cast<bench_rival *>(rival.release());
}

void free_rival(bench_rival *rival) {
  delete reinterpret_cast<Rival *>(rival);
}

template <bench_rival_texts Texts>
[[gnu::always_inline]] inline bool take_text(Rival *rival, ondemand::value value,
                                             bench_rival_text *out) {
  if constexpr (Texts == BENCH_RIVAL_IN_PLACE) {
    std::string_view token = value.raw_json_token();
    if (token.front() != '"') return false;
    size_t size = token.size() - 1;
    while (token[size] != '"')
      size--;
    if (size > 0 && std::memchr(token.data() + 1, '\\', size - 1) == nullptr) {
      *out = {token.data() + 1, size - 1};
      return true;
    }
  }
  ondemand::raw_json_string raw;
  std::string_view text;
  if (value.get_raw_json_string().get(raw) != simdjson::SUCCESS) return false;
  if (rival->parser.unescape(raw, rival->unescaped_next).get(text) != simdjson::SUCCESS) {
    return false;
  }
  *out = {text.data(), text.size()};
  return true;
}

template <bench_rival_texts Texts>
[[gnu::always_inline]] inline bool take_value(Rival *rival, bench_rival_kind kind,
                                              ondemand::value value,
                                              const bench_rival_column &column, size_t row) {
  switch (kind) {
  case BENCH_RIVAL_INTEGER:
    return value.get_int64().get(static_cast<int64_t *>(column.data)[row]) == simdjson::SUCCESS;
  case BENCH_RIVAL_DOUBLE:
    return value.get_double().get(static_cast<double *>(column.data)[row]) == simdjson::SUCCESS;
  default:
    return take_text<Texts>(rival, value, &static_cast<bench_rival_text *>(column.data)[row]);
  }
}

template <bench_rival_texts Texts>
bool decode_in_order(Rival *rival, ondemand::object object, const bench_rival_column *columns,
                     size_t row) {
  for (size_t i = 0; i < rival->fields.size(); i++) {
    ondemand::value value;
    columns[i].is_valid[row] =
        object.find_field(rival->fields[i].name).get(value) == simdjson::SUCCESS &&
        take_value<Texts>(rival, rival->fields[i].kind, value, columns[i], row);
  }
  return true;
}

/* The column of a member, looked for from the one after the last: -1 when nobody wants it. */
inline int find_column(const Rival *rival, ondemand::raw_json_string key, size_t first) {
  size_t count = rival->fields.size();
  for (size_t i = 0; i < count; i++) {
    size_t column = first + i < count ? first + i : first + i - count;
    if (key.unsafe_is_equal(rival->fields[column].name)) return static_cast<int>(column);
  }
  return -1;
}

template <bench_rival_texts Texts>
bool decode_any_order(Rival *rival, ondemand::object object, const bench_rival_column *columns,
                      size_t row) {
  for (size_t i = 0; i < rival->fields.size(); i++)
    columns[i].is_valid[row] = false;
  size_t next = 0;
  for (auto result : object) {
    ondemand::field field;
    if (std::move(result).get(field) != simdjson::SUCCESS) return false;
    int column = find_column(rival, field.key(), next);
    if (column < 0) continue;
    next = static_cast<size_t>(column) + 1;
    columns[column].is_valid[row] =
        take_value<Texts>(rival, rival->fields[column].kind, field.value(), columns[column], row);
  }
  return true;
}

/* As programs written for one event would do it: names and kinds known to the compiler. */
template <bench_rival_texts Texts, bench_rival_kind Kind = BENCH_RIVAL_TEXT, size_t Size>
[[gnu::always_inline]] inline void take_member(Rival *rival, ondemand::object &object,
                                               const char (&name)[Size],
                                               const bench_rival_column &column, size_t row) {
  ondemand::value value;
  column.is_valid[row] = object.find_field(name).get(value) == simdjson::SUCCESS &&
                         take_value<Texts>(rival, Kind, value, column, row);
}

template <bench_rival_texts Texts>
bool decode_ysb(Rival *rival, ondemand::object object, const bench_rival_column *columns,
                size_t row) {
  take_member<Texts>(rival, object, "user_id", columns[0], row);
  take_member<Texts>(rival, object, "page_id", columns[1], row);
  take_member<Texts>(rival, object, "ad_id", columns[2], row);
  take_member<Texts>(rival, object, "ad_type", columns[3], row);
  take_member<Texts>(rival, object, "event_type", columns[4], row);
  take_member<Texts>(rival, object, "event_time", columns[5], row);
  take_member<Texts>(rival, object, "ip_address", columns[6], row);
  return true;
}

template <bench_rival_texts Texts>
bool decode_ysb_query(Rival *rival, ondemand::object object, const bench_rival_column *columns,
                      size_t row) {
  take_member<Texts>(rival, object, "ad_id", columns[0], row);
  take_member<Texts>(rival, object, "event_type", columns[1], row);
  take_member<Texts>(rival, object, "event_time", columns[2], row);
  return true;
}

template <bench_rival_texts Texts>
bool decode_device(Rival *rival, ondemand::object object, const bench_rival_column *columns,
                   size_t row) {
  take_member<Texts>(rival, object, "device", columns[0], row);
  take_member<Texts>(rival, object, "ts", columns[1], row);
  take_member<Texts, BENCH_RIVAL_DOUBLE>(rival, object, "temp", columns[2], row);
  take_member<Texts>(rival, object, "status", columns[3], row);
  take_member<Texts, BENCH_RIVAL_INTEGER>(rival, object, "n", columns[4], row);
  take_member<Texts>(rival, object, "site", columns[5], row);
  take_member<Texts>(rival, object, "fw", columns[6], row);
  return true;
}

template <bench_rival_texts Texts>
bool decode_words(Rival *rival, ondemand::object object, const bench_rival_column *columns,
                  size_t row) {
  take_member<Texts>(rival, object, "word", columns[0], row);
  return true;
}

template <bench_rival_order Order, bench_rival_texts Texts>
inline bool decode_object(Rival *rival, ondemand::object object, const bench_rival_column *columns,
                          size_t row) {
  if constexpr (Order == BENCH_RIVAL_YSB) return decode_ysb<Texts>(rival, object, columns, row);
  if constexpr (Order == BENCH_RIVAL_YSB_QUERY) {
    return decode_ysb_query<Texts>(rival, object, columns, row);
  }
  if constexpr (Order == BENCH_RIVAL_DEVICE) {
    return decode_device<Texts>(rival, object, columns, row);
  }
  if constexpr (Order == BENCH_RIVAL_WORDS) return decode_words<Texts>(rival, object, columns, row);
  if constexpr (Order == BENCH_RIVAL_IN_ORDER) {
    return decode_in_order<Texts>(rival, object, columns, row);
  }
  return decode_any_order<Texts>(rival, object, columns, row);
}

template <bench_rival_order Order, bench_rival_texts Texts>
size_t decode_records(Rival *rival, const bench_rival_text *records, size_t count,
                      const bench_rival_column *columns) {
  size_t good_count = 0;
  for (size_t row = 0; row < count; row++) {
    ondemand::document document;
    ondemand::object object;
    const bench_rival_text &record = records[row];
    if (rival->parser.iterate(record.data, record.size, record.size + simdjson::SIMDJSON_PADDING)
                .get(document) != simdjson::SUCCESS ||
        document.get_object().get(object) != simdjson::SUCCESS) {
      continue;
    }
    good_count += decode_object<Order, Texts>(rival, object, columns, row);
  }
  return good_count;
}

template <bench_rival_order Order>
size_t decode_texts(Rival *rival, bench_rival_texts texts, const bench_rival_text *records,
                    size_t count, const bench_rival_column *columns) {
  return texts == BENCH_RIVAL_IN_PLACE
             ? decode_records<Order, BENCH_RIVAL_IN_PLACE>(rival, records, count, columns)
             : decode_records<Order, BENCH_RIVAL_COPIED>(rival, records, count, columns);
}

size_t decode(bench_rival *opaque, bench_rival_order order, bench_rival_texts texts,
              const bench_rival_text *records, size_t count, const bench_rival_column *columns) {
  auto *rival = reinterpret_cast<Rival *>(opaque);
  size_t size = 0;
  for (size_t row = 0; row < count; row++)
    size += records[row].size + simdjson::SIMDJSON_PADDING;
  if (rival->unescaped.size() < size) rival->unescaped.resize(size);
  rival->unescaped_next = rival->unescaped.data();
  switch (order) {
  case BENCH_RIVAL_YSB:
    return decode_texts<BENCH_RIVAL_YSB>(rival, texts, records, count, columns);
  case BENCH_RIVAL_YSB_QUERY:
    return decode_texts<BENCH_RIVAL_YSB_QUERY>(rival, texts, records, count, columns);
  case BENCH_RIVAL_DEVICE:
    return decode_texts<BENCH_RIVAL_DEVICE>(rival, texts, records, count, columns);
  case BENCH_RIVAL_WORDS:
    return decode_texts<BENCH_RIVAL_WORDS>(rival, texts, records, count, columns);
  case BENCH_RIVAL_IN_ORDER:
    return decode_texts<BENCH_RIVAL_IN_ORDER>(rival, texts, records, count, columns);
  default:
    return decode_texts<BENCH_RIVAL_ANY_ORDER>(rival, texts, records, count, columns);
  }
}

} // namespace

#define TEXT_OF(name) #name
#define TEXT_OF_VALUE(name) TEXT_OF(name)

const bench_rival_methods RIVAL_METHODS = {make_rival, free_rival, decode,
                                           TEXT_OF_VALUE(SIMDJSON_BUILTIN_IMPLEMENTATION)};
