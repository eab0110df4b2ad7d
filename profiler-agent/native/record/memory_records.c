// The records about memory, as profiler-agent/STREAM.md describes them.
#include "record/memory_records.h"

#include "record/record_writer.h"
#include "record/recording.h"

enum { KIND_ALLOCATION = 32, KIND_FREE, KIND_COPY, KIND_FOOTPRINT, KIND_TOUCHED = 38 };

static uint64_t last_time;

void memory_records_reset(void) {
  last_time = 0;
}

static void put_time(uint64_t monotonic) {
  uint64_t time = recording_time(monotonic);
  put_svarint((int64_t)(time - last_time));
  last_time = time;
}

void record_allocation(const struct memory_record *record) {
  record_begin();
  put_varint(record->thread);
  put_time(record->time);
  put_u8(record->kind);
  put_varint(record->size);
  put_varint(record->grown);
  put_varint(record->period);
  put_varint(record->stack);
  put_varint(record->native);
  if (record->native) put_u8(record->opcode);
  if (record->reserved) put_varint(1);
  record_finish(KIND_ALLOCATION);
}

void record_free(uint64_t time, uint32_t id) {
  record_begin();
  put_time(time);
  put_varint(id);
  record_finish(KIND_FREE);
}

void record_touched(uint64_t time, uint32_t id, uint64_t bytes) {
  record_begin();
  put_varint(recording_time(time));
  put_varint(id);
  put_varint(bytes);
  record_finish(KIND_TOUCHED);
}

void record_copy(const struct memory_record *record) {
  record_begin();
  put_varint(record->thread);
  put_time(record->time);
  put_varint(record->size);
  put_varint(record->period);
  put_varint(record->stack);
  put_varint(record->native);
  if (record->native) put_u8(record->opcode);
  record_finish(KIND_COPY);
}

void record_footprint(uint64_t time, uint64_t resident) {
  record_begin();
  put_time(time);
  put_varint(resident);
  record_finish(KIND_FOOTPRINT);
}
