// CRC-32 as in gzip and zip, by which a reader detects bytes that are not those written. Used by the watcher, or while
// it does not run.
#pragma once
#include "base.h"

// Fills the table. Called when a recording is opened.
void checksum_prepare(void);
// Returns the checksum of bytes that follow others, whose checksum is `before`; 0 when there are no others.
uint32_t checksum(uint32_t before, const void *bytes, size_t size);
