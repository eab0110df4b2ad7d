#include "frames.h"

#include <string.h>

// Frames whose owner is at least this are not Python code: they mark where C called into Python (3.12+).
#define OWNER_C_STACK 3
#define OWNER_GENERATOR 1

INLINE bool load(const struct walk *self, uintptr_t address, void *into, size_t size) {
  if (UNLIKELY(self->remote)) return memory_read(address, into, size);
  memcpy(into, (const void *)address, size);
  return true;
}

void walk_start(struct walk *self, const struct interpreter *python, uintptr_t tstate, uintptr_t pc, bool remote) {
  *self = (struct walk){.python = python, .remote = remote, .result = WALK_NONE};
  if (!is_plausible(tstate)) return;
  if (pc - python->linking.start < python->linking.end - python->linking.start) {
    self->result = WALK_REJECTED;
    return;
  }
  uintptr_t frame;
  if (!load(self, tstate + python->at.tstate_frame, &frame, sizeof frame)) return;
  if (python->minor == 11 || python->minor == 12) {
    if (!is_plausible(frame)) return;
    self->cframe = frame;
    if (!load(self, frame + python->at.cframe_current, &frame, sizeof frame)) return;
  }
  self->frame = frame;
  if (frame) self->result = WALK_OK;
}

static bool reject(struct walk *self) {
  self->result = WALK_REJECTED;
  self->frame = 0;
  return false;
}

// 3.9 and 3.10: a chain of PyFrameObject.
static bool next_object(struct walk *self, struct frame *frame, const unsigned char *fields) {
  const struct offsets *at = &self->python->at;
  int32_t last;
  memcpy(&frame->code, fields + at->frame_code, sizeof frame->code);
  memcpy(&last, fields + at->frame_instruction, sizeof last);
  if (!is_plausible(frame->code)) return reject(self);
  // f_lasti counts bytes in 3.9 and two-byte units in 3.10.
  frame->instruction = last < 0 ? -1 : self->python->minor == 9 ? last : last * 2;
  frame->instruction_address = 0;
  uintptr_t bytecode;
  if (last >= 0 && !self->remote) {
    memcpy(&bytecode, (const void *)(frame->code + at->code_bytecode), sizeof bytecode);
    if (is_plausible(bytecode)) frame->instruction_address = bytecode + at->bytes_data + (uintptr_t)frame->instruction;
  }
  return true;
}

// 3.11+: a chain of _PyInterpreterFrame. False without rejecting: a frame to skip.
static bool next_interpreter(struct walk *self, struct frame *frame, const unsigned char *fields) {
  const struct offsets *at = &self->python->at;
  if (self->python->minor >= 12 && fields[at->frame_owner] >= OWNER_C_STACK) return false;
  memcpy(&frame->code, fields + at->frame_code, sizeof frame->code);
  memcpy(&frame->instruction_address, fields + at->frame_instruction, sizeof frame->instruction_address);
  // A reference on the stack keeps a mark in its low bits (pycore_stackref.h); objects are aligned to 16 bytes.
  if (self->python->minor >= 14) frame->code &= ~(uintptr_t)7;
  if (!is_plausible(frame->code)) return reject(self);
  uintptr_t type;
  if (!load(self, frame->code + 8, &type, sizeof type) || type != self->python->code_type) return reject(self);
  // A generator that runs was resumed by someone. One that has just yielded is cut off from its caller a few
  // instructions before it stops being the current frame (3.12+): what is below it cannot be known then.
  uintptr_t previous;
  memcpy(&previous, fields + at->frame_previous, sizeof previous);
  if (self->python->minor >= 12 && fields[at->frame_owner] == OWNER_GENERATOR && !previous) return reject(self);
  intptr_t offset = (intptr_t)(frame->instruction_address - frame->code - at->code_bytecode);
  frame->instruction = offset < 0 || offset > INT32_MAX ? -1 : (int32_t)offset;
  return true;
}

// Whether the frame is the outermost of its invocation of the bytecode loop, and what that keeps on the C stack.
static void entry_find(struct walk *self, struct frame *frame, const unsigned char *fields) {
  const struct offsets *at = &self->python->at;
  frame->entry = true;
  frame->mark = 0;
  if (self->python->minor == 11) {
    // _PyInterpreterFrame.is_entry lies just before its owner. An invocation's _PyCFrame leads to the one before it.
    frame->entry = fields[at->frame_owner - 1];
    if (!frame->entry || !is_plausible(self->cframe)) return;
    frame->mark = self->cframe;
    memcpy(&self->cframe, (const void *)(self->cframe + 16), sizeof self->cframe);
  } else if (self->python->minor >= 12 && self->frame) {
    // Its caller is the frame that the invocation itself made, and that is a local variable there.
    frame->entry = ((const unsigned char *)self->frame)[at->frame_owner] >= OWNER_C_STACK;
    frame->mark = frame->entry ? self->frame : 0;
  }
}

bool walk_next(struct walk *self, struct frame *frame) {
  const struct offsets *at = &self->python->at;
  while (self->frame) {
    // One read covers every field used.
    unsigned char copy[112];
    size_t size = self->python->minor < 11 ? 112 : 80;
    const unsigned char *fields = copy;
    if (!is_plausible(self->frame)) return reject(self);
    if (self->remote) {
      if (!memory_read(self->frame, copy, size)) return reject(self);
    } else {
      fields = (const unsigned char *)self->frame;
    }
    frame->address = self->frame;
    bool found = self->python->minor < 11 ? next_object(self, frame, fields) : next_interpreter(self, frame, fields);
    if (self->result == WALK_REJECTED) return false;
    memcpy(&self->frame, fields + at->frame_previous, sizeof self->frame);
    if (!found) continue;
    if (self->frame && !is_plausible(self->frame)) return reject(self);
    if (!self->remote) entry_find(self, frame, fields);
    return true;
  }
  return false;
}
