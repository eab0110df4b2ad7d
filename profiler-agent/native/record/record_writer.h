// Assembles one record and appends it to the recording: begin, put its fields, finish. Used by the watcher, or while
// it does not run. A field that does not fit is left out.
#pragma once
#include "base.h"

void record_begin(void);
void put_bytes(const void *bytes, size_t size);
void put_u8(uint8_t value);
void put_varint(uint64_t value);
void put_svarint(int64_t value);
void put_string(const char *text);
void record_finish(uint8_t kind);
