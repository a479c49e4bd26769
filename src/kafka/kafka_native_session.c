/* What a broker remembers of our questions, so that they need not say it again (KIP-227).
 *
 *   whole question, epoch 0 ─► answer names the session ─► questions of epoch 1, 2, ... say only
 *        ▲                                                  which partitions are new, have moved
 *        │                                                  or are not wanted any more
 *        └──── the session is not known there, is out of step, or the connection has failed
 *
 * An answer in a session leaves out partitions that have nothing new. A broker that has no room for
 * sessions names none, and every question is whole. */
#include <string.h>

#include "kafka/kafka_native.h"

enum { FIRST_EPOCH = 0, ANSWER_SESSION_NOT_FOUND = 70 };

/* ---- What was told --------------------------------------------------------------------------- */

static void push_told(struct eagre_kafka_native_session *session,
                      const struct eagre_kafka_consumer_partition *partition) {
  if (session->told_count == session->told_capacity) {
    session->told_capacity = session->told_capacity == 0 ? 16 : 2 * session->told_capacity;
    session->told = eagre_reallocate(session->told, session->told_capacity * sizeof *session->told);
  }
  session->told[session->told_count++] = (struct eagre_kafka_native_told){
      .topic = partition->topic,
      .id = partition->native->topic_id,
      .number = partition->number,
      .offset = partition->fetch_position,
  };
}

/* The partition as it is asked for by question `number` now; NULL: it is not. */
static struct eagre_kafka_consumer_partition *
find_wanted(const struct eagre_kafka_native_session *session,
            const struct eagre_kafka_native_told *told, int32_t number) {
  struct eagre_kafka_consumer_partition *partition = told->topic->partitions[told->number];
  bool is_wanted =
      partition != NULL && partition->native != NULL && partition->native->asked == number;
  if (!is_wanted) return NULL;
  bool is_another =
      session->goes_by_ids && memcmp(&told->id, &partition->native->topic_id, sizeof told->id) != 0;
  return is_another ? NULL : partition;
}

/* ---- Questions ------------------------------------------------------------------------------- */

static struct eagre_kafka_fetch_wish
make_wish(const struct eagre_kafka_consumer_partition *partition) {
  return (struct eagre_kafka_fetch_wish){
      .topic = eagre_text_of(partition->topic->name),
      .id = partition->native->topic_id,
      .partition = partition->number,
      .offset = partition->fetch_position,
  };
}

/* A broker fills an answer in the order of the wishes, so every time another one is the first. In a
 * session it takes care of that itself. */
static void ask_whole(struct eagre_kafka_native_session *session,
                      struct eagre_kafka_consumer_partition *const *asked, uint32_t count,
                      uint32_t rotation, struct eagre_kafka_fetch_question *out) {
  uint32_t first = rotation % count;
  session->epoch = FIRST_EPOCH;
  session->told_count = 0;
  for (uint32_t i = 0; i < count; i++) {
    const struct eagre_kafka_consumer_partition *partition = asked[(first + i) % count];
    out->wishes[out->wish_count++] = make_wish(partition);
    push_told(session, partition);
  }
}

/* What was told and is not wanted any more is forgotten, what has moved is told anew. */
static void compare_told(struct eagre_kafka_native_session *session, int32_t number,
                         struct eagre_kafka_fetch_question *out) {
  uint32_t kept = 0;
  for (uint32_t i = 0; i < session->told_count; i++) {
    struct eagre_kafka_native_told told = session->told[i];
    struct eagre_kafka_consumer_partition *partition = find_wanted(session, &told, number);
    if (partition == NULL) {
      out->forgotten[out->forgotten_count++] = (struct eagre_kafka_fetch_wish){
          .topic = eagre_text_of(told.topic->name), .id = told.id, .partition = told.number};
      continue;
    }
    partition->native->is_told = true;
    if (told.offset != partition->fetch_position) {
      told.offset = partition->fetch_position;
      out->wishes[out->wish_count++] = make_wish(partition);
    }
    session->told[kept++] = told;
  }
  session->told_count = kept;
}

static void ask_difference(struct eagre_kafka_native_session *session, int32_t number,
                           struct eagre_kafka_consumer_partition *const *asked, uint32_t count,
                           struct eagre_kafka_fetch_question *out) {
  for (uint32_t i = 0; i < count; i++) {
    asked[i]->native->is_told = false;
  }
  compare_told(session, number, out);
  for (uint32_t i = 0; i < count; i++) {
    if (asked[i]->native->is_told) continue;
    out->wishes[out->wish_count++] = make_wish(asked[i]);
    push_told(session, asked[i]);
  }
}

struct eagre_kafka_fetch_question
eagre_kafka_native_session_ask(struct eagre_kafka_native_session *session, int32_t number,
                               bool goes_by_ids,
                               struct eagre_kafka_consumer_partition *const *asked, uint32_t count,
                               uint32_t rotation, struct eagre_arena *arena) {
  bool is_whole = session->epoch == FIRST_EPOCH || session->goes_by_ids != goes_by_ids;
  size_t forgotten_max = is_whole ? 0 : session->told_count;
  struct eagre_kafka_fetch_question question = {
      .wishes = eagre_arena_allocate(arena, count * sizeof *question.wishes),
      .forgotten = eagre_arena_allocate(arena, forgotten_max * sizeof *question.forgotten),
  };
  session->goes_by_ids = goes_by_ids;
  if (is_whole) {
    ask_whole(session, asked, count, rotation, &question);
  } else {
    ask_difference(session, number, asked, count, &question);
  }
  question.session = session->number;
  question.epoch = session->epoch;
  return question;
}

/* ---- Answers --------------------------------------------------------------------------------- */

bool eagre_kafka_native_session_goes_on(const struct eagre_kafka_native_session *session) {
  return session->epoch != FIRST_EPOCH;
}

void eagre_kafka_native_session_hear(struct eagre_kafka_native_session *session,
                                     const struct eagre_kafka_fetch_answer *answer) {
  bool goes_on = answer->error == 0 && answer->session != 0;
  if (goes_on) {
    session->number = answer->session;
    session->epoch = session->epoch == INT32_MAX ? FIRST_EPOCH + 1 : session->epoch + 1;
    return;
  }
  /* One that is only out of step is named once more, so that the broker drops it. */
  bool is_gone = answer->error == 0 || answer->error == ANSWER_SESSION_NOT_FOUND;
  if (is_gone) session->number = 0;
  session->epoch = FIRST_EPOCH;
}

void eagre_kafka_native_session_lose(struct eagre_kafka_native_session *session) {
  session->epoch = FIRST_EPOCH;
}

void eagre_kafka_native_session_done(struct eagre_kafka_native_session *session) {
  eagre_free(session->told);
  *session = (struct eagre_kafka_native_session){0};
}
