/* Door of the room `base`: the ground everything stands on. Depends on libc only.
 *
 * What is here, one header each:
 *   base_assert.h   asserts that stay on in release builds
 *   base_memory.h   allocation that cannot fail, owned growing buffers
 *   base_text.h     a borrowed piece of bytes (string values of the whole program)
 *   base_text_words.h  texts as two words: comparing and hashing short ones
 *   base_error.h    status and the error object, filled once at the origin
 *   base_arena.h    memory by lifetime: allocate, never free one thing, reset everything
 *   base_bits.h     bitmaps in Arrow's order
 *   base_cpu.h      what the processor can do
 *   base_hash.h     64-bit hash, CRC32C, CRC32
 *   base_ring.h     the SPSC ring: the only way cores speak to each other
 *   base_histogram.h  log-linear histogram
 *   base_random.h   random numbers and UUIDs
 *   base_log.h      log lines with a level, to one sink chosen by the program
 *   base_crash.h    named crash points for the durability tests
 *   base_probe.h    static probes: places to look into a program that runs
 *
 * Nouns of this room stand without the room's name (`eagre_arena_allocate`): they are the
 * vocabulary of the house. */
#pragma once

#include "base/base_arena.h"
#include "base/base_assert.h"
#include "base/base_bits.h"
#include "base/base_cpu.h"
#include "base/base_crash.h"
#include "base/base_error.h"
#include "base/base_hash.h"
#include "base/base_histogram.h"
#include "base/base_log.h"
#include "base/base_memory.h"
#include "base/base_probe.h"
#include "base/base_random.h"
#include "base/base_ring.h"
#include "base/base_text.h"
#include "base/base_text_words.h"
