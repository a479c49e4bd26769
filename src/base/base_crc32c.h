/* The portable CRC32C, shared inside the room so that tests can compare it with the instruction. */
#pragma once

#include <stddef.h>
#include <stdint.h>

/* As eagre_crc32c, a byte at a time. */
uint32_t eagre_crc32c_by_table(uint32_t crc, const void *data, size_t size);
