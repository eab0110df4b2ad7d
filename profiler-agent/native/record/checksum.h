// CRC-32 as in gzip and zip: what tells a reader that bytes are not those that were written.
#pragma once
#include "base.h"

// Before the first use, on one thread.
void checksum_prepare(void);
// That of bytes that follow those which `before` is of; 0 when there are none.
uint32_t checksum(uint32_t before, const void *bytes, size_t size);
