/* Door of the room `export`: a pipeline as a program for another engine.
 *
 * Eagre's SQL is Spark's, so the SQL of the file goes over as it was written. Three things are said
 * in Python instead: a source (`read_kafka(...)` becomes a view over spark.readStream), a sink with
 * its trigger, mode and checkpoint, and the settings. What Spark has no word for is refused. */
#pragma once

#include "base/base.h"
#include "plan/plan.h"

/* Appends a PySpark program (Spark 4.2 and later, Python 3) that runs the flows of `pipeline`, or
 * shows the rows of its batch queries. Paths stay as they are in the file. Any thread. USAGE
 * UNSUPPORTED_FEATURE.EXPORT_TO_SPARK at what cannot be expressed; `out` is unspecified then. */
enum eagre_status eagre_export_spark(const struct eagre_pipeline *pipeline,
                                     struct eagre_buffer *out, struct eagre_error *error);
