// How one record gets into the recording: begin, put its fields, finish.
#pragma once
#include "base.h"

void record_begin(void);
void put_bytes(const void *bytes, size_t size);
void put_u8(uint8_t value);
void put_varint(uint64_t value);
void put_svarint(int64_t value);
void put_string(const char *text);
void record_finish(uint8_t kind);

// CPU time of this process that belongs to the recording.
uint64_t recording_process_cpu(void);
// The ids given out so far belong to a recording that is over.
void records_reset(void);
void memory_records_reset(void);
