/* Checkpoints, lag, the host and the reference, as the public header tells them: checks and
 * translation. */
#include <eagre/inspect.h>

#include "base/base.h"
#include "inspect/inspect.h"

static const int64_t STARTUP_TIMEOUT_US = 30000000;

/* Writes what was made, whatever the outcome, and frees it. */
static enum eagre_status finish(struct eagre_buffer *text, eagre_write_fn *write, void *context,
                                enum eagre_status status) {
  if (text->size > 0) write(context, text->data, text->size);
  eagre_buffer_done(text);
  return status;
}

enum eagre_status eagre_checkpoint_describe(const char *directory, int as_json,
                                            eagre_write_fn *write, void *context,
                                            eagre_error *error) {
  struct eagre_buffer text = {0};
  enum eagre_status status = eagre_inspect_checkpoint(directory, as_json != 0, &text, error);
  return finish(&text, write, context, status);
}

enum eagre_status eagre_checkpoint_verify(const char *directory, int as_json, eagre_write_fn *write,
                                          void *context, eagre_error *error) {
  struct eagre_buffer text = {0};
  enum eagre_status status = eagre_inspect_checkpoint_verify(directory, as_json != 0, &text, error);
  return finish(&text, write, context, status);
}

static int64_t startup_us(int64_t timeout_ms) {
  return timeout_ms > 0 ? timeout_ms * 1000 : STARTUP_TIMEOUT_US;
}

static struct eagre_inspect_lag_options translate(const eagre_lag_options *options) {
  eagre_assert(options->size == sizeof *options);
  return (struct eagre_inspect_lag_options){
      .as_json = options->as_json != 0,
      .startup_timeout_us = startup_us(options->startup_timeout_ms),
  };
}

enum eagre_status eagre_lag_describe(const eagre_pipeline *pipeline,
                                     const eagre_lag_options *options, eagre_write_fn *write,
                                     void *context, eagre_error *error) {
  const struct eagre_inspect_lag_options translated = translate(options);
  struct eagre_buffer text = {0};
  enum eagre_status status = eagre_inspect_lag(pipeline, &translated, &text, error);
  return finish(&text, write, context, status);
}

enum eagre_status eagre_lag_describe_checkpoint(const char *directory,
                                                const eagre_lag_options *options,
                                                eagre_write_fn *write, void *context,
                                                eagre_error *error) {
  const struct eagre_inspect_lag_options translated = translate(options);
  struct eagre_buffer text = {0};
  enum eagre_status status = eagre_inspect_lag_checkpoint(
      directory, eagre_text_of(options->servers), &translated, &text, error);
  return finish(&text, write, context, status);
}

enum eagre_status eagre_doctor_describe(const eagre_pipeline *pipeline,
                                        const eagre_doctor_options *options, eagre_write_fn *write,
                                        void *context, eagre_error *error) {
  eagre_assert(options->size == sizeof *options);
  const struct eagre_inspect_doctor_options translated = {
      .as_json = options->as_json != 0,
      .startup_timeout_us = startup_us(options->startup_timeout_ms),
      .storage = options->storage == NULL ? "." : options->storage,
  };
  struct eagre_buffer text = {0};
  enum eagre_status status = eagre_inspect_doctor(pipeline, &translated, &text, error);
  return finish(&text, write, context, status);
}

enum eagre_status eagre_reference_describe(const char *topic, eagre_write_fn *write, void *context,
                                           eagre_error *error) {
  struct eagre_buffer text = {0};
  enum eagre_status status = eagre_inspect_reference(topic, &text, error);
  return finish(&text, write, context, status);
}
