#include "cpython/frames.h"

#include "signals/guard.h"
#include "unwind/arch.h"

// _PyInterpreterFrame.owner. Those from OWNER_C_STACK on mark where C called into Python (3.12+).
#define OWNER_GENERATOR 1
#define OWNER_C_STACK 3
// More frames than any stack has that is written down: pointers that lead in a circle.
#define STEPS_MAX 16384
// A frame without its variables.
#define FRAME_MIN 80

INLINE bool load(uintptr_t address, void *into, size_t size) {
  return is_plausible(address) && guarded_read(address, into, size);
}

// Fields of the frame to visit. What could not be read is 0, and walk_next looks whether all could.
INLINE uintptr_t word_at(struct walk *self, unsigned offset) {
  return guard_load(self->fields + offset, &self->failed);
}
INLINE unsigned char byte_at(struct walk *self, unsigned offset) {
  return guard_load_byte(self->fields + offset, &self->failed);
}

static bool reject(struct walk *self) {
  self->result = WALK_REJECTED;
  self->frame = 0;
  return false;
}

// ---- Where things may lie ----

INLINE bool is_on_stack(const struct walk *self, uintptr_t address) {
  const struct thread *it = self->thread;
  return it && address - it->stack_low < it->stack_end - it->stack_low;
}

// Whether an invocation of the bytecode loop that has not returned may keep something here, on the C stack. Where the
// thread runs on a stack that is not its own, anywhere.
static bool is_kept(const struct walk *self, uintptr_t address) {
  if (!self->thread || !is_on_stack(self, self->sp)) return true;
  return is_on_stack(self, address) && address >= self->sp;
}

// A chunk of the data stack begins with its predecessor, its size in bytes and how much of it was in use.
#define CHUNK_HEADER 24

static bool chunk_enter(struct walk *self, uintptr_t chunk) {
  uint64_t head[2];
  self->chunk = 0;
  if (!load(chunk, head, sizeof head) || head[1] > ADDRESS_LIMIT) return false;
  self->chunk = chunk;
  self->chunk_end = chunk + head[1];
  return true;
}

// Whether a frame lies in a chunk that is in use. Older frames never lie in newer chunks, so none is looked at twice.
static bool is_in_chunk(struct walk *self, uintptr_t frame) {
  while (self->chunk) {
    if (frame >= self->chunk + CHUNK_HEADER && frame < self->chunk_end && self->chunk_end - frame >= FRAME_MIN)
      return true;
    uintptr_t previous;
    if (!load(self->chunk, &previous, sizeof previous) || !chunk_enter(self, previous)) return false;
  }
  return false;
}

static bool is_in_generator(const struct walk *self, uintptr_t frame) {
  const struct interpreter *python = self->python;
  uintptr_t type;
  if (!load(frame - python->at.generator_frame + 8, &type, sizeof type)) return false;
  return type == python->generator_types[0] || type == python->generator_types[1] || type == python->generator_types[2];
}

// 3.12: _PyInterpreterFrame.frame_obj, PyFrameObject.f_frame.
#define FRAME_OBJECT 48
#define OBJECT_FRAME 24

// While greenlet goes on with another greenlet, that one's frames are current before its chunks are. Each of them has a
// frame object then, which leads back to it until the frame is left. That the loop which called greenlet's code is the
// one that keeps the current frame proves that the C stack is that greenlet's already.
static bool is_resumed(struct walk *self, uintptr_t frame) {
  uintptr_t object, fields[OBJECT_FRAME / 8 + 1];
  if (!self->switching || self->cframe - self->caller_low >= self->caller_high - self->caller_low) return false;
  object = word_at(self, FRAME_OBJECT);
  return load(object, fields, sizeof fields) && fields[1] == self->python->frame_type &&
         fields[OBJECT_FRAME / 8] == frame;
}

// A frame that C code keeps between two of Python's: on its stack, the outermost one in the thread state itself.
static bool is_shim(struct walk *self, uintptr_t frame) {
  const struct interpreter *python = self->python;
  uintptr_t runs = word_at(self, python->at.frame_code), type;
  if (python->minor >= 13) {
    if ((runs & ~(uintptr_t)7) != python->none) return false;
  } else if (!load(runs + 8, &type, sizeof type) || type != python->code_type) {
    return false;
  }
  if (frame - self->tstate < 4096) return true;
  if (!is_kept(self, frame) || is_on_stack(self, frame) && frame <= self->shim) return false;
  self->shim = frame;
  return true;
}

// ---- 3.11 and 3.12: the _PyCFrame of each invocation of the bytecode loop ----

INLINE bool has_cframes(const struct walk *self) {
  return self->python->minor == 11 || self->python->minor == 12;
}

// Goes to a _PyCFrame. Returns its current frame in *frame.
static bool cframe_enter(struct walk *self, uintptr_t cframe, uintptr_t *frame) {
  const struct offsets *at = &self->python->at;
  bool is_root = cframe == self->tstate + at->tstate_root;
  if (!is_root && (!is_kept(self, cframe) || is_on_stack(self, cframe) && cframe <= self->cframe)) return false;
  uintptr_t pair[2];
  if (!load(cframe + at->cframe_current, pair, sizeof pair)) return false;
  *frame = pair[0];
  self->cframe = cframe;
  self->cframe_previous = is_root ? 0 : pair[1];
  return true;
}

// Goes from the invocation that has `caller` outside its own frames to the one before it. That the two agree proves
// that neither is being put together or taken apart, nor lies on a C stack that is another one by now.
static bool cframe_leave(struct walk *self, uintptr_t caller) {
  uintptr_t current;
  if (!self->cframe_previous) return !caller;
  return cframe_enter(self, self->cframe_previous, &current) && current == caller;
}

// ---- The walk ----

void walk_start(struct walk *self, const struct interpreter *python, uintptr_t tstate, const struct registers *here,
                const struct thread *thread, bool remote) {
  const struct offsets *at = &python->at;
  // Field by field: `copy` needs no zeros.
  self->python = python;
  self->thread = thread;
  self->tstate = tstate;
  self->sp = here ? here->sp : 0;
  self->remote = remote;
  self->first = true;
  self->result = WALK_NONE;
  self->steps = 0;
  self->frame = self->chunk = self->chunk_end = self->shim = self->cframe = self->cframe_previous = 0;
  self->fields = self->caller_low = self->caller_high = 0;
  self->failed = 0;
  self->switching = false;
  if (!is_plausible(tstate)) return;
  if (here && here->pc - python->linking.start < python->linking.end - python->linking.start) {
    reject(self);
    return;
  }
  uintptr_t frame, chunk;
  if (!load(tstate + at->tstate_frame, &frame, sizeof frame)) return;
  if (has_cframes(self) && frame && !cframe_enter(self, frame, &frame)) {
    reject(self);
    return;
  }
  if (!frame) return;
  self->frame = frame;
  self->result = WALK_OK;
  if (python->minor < 11) return;
  // Every frame of Python code may be a generator's: then there may be no chunk.
  if (load(tstate + at->tstate_chunk, &chunk, sizeof chunk)) chunk_enter(self, chunk);
}

static bool frame_load(struct walk *self) {
  if (self->fields) return true;
  if (++self->steps > STEPS_MAX || !is_plausible(self->frame)) return false;
  self->fields = guarded_fields(self->frame, self->copy, self->python->minor < 11 ? FRAME_BYTES : FRAME_MIN);
  return self->fields;
}

// 3.9 and 3.10: a chain of PyFrameObject.
static bool next_object(struct walk *self, struct frame *frame) {
  const struct offsets *at = &self->python->at;
  if (word_at(self, 8) != self->python->frame_type) return reject(self);
  if (!code_key_read(&frame->key, self->python, word_at(self, at->frame_code))) return reject(self);
  int32_t last = (int32_t)guard_load_half(self->fields + at->frame_instruction, &self->failed);
  // f_lasti counts bytes in 3.9 and two-byte units in 3.10.
  frame->instruction = last < 0 ? -1 : self->python->minor == 9 ? last : last * 2;
  frame->instruction_address = 0;
  uintptr_t bytecode;
  if (self->first && last >= 0 && load(frame->key.code + at->code_bytecode, &bytecode, sizeof bytecode))
    frame->instruction_address = bytecode + at->bytes_data + (uintptr_t)frame->instruction;
  return true;
}

// 3.11+: a chain of _PyInterpreterFrame. False without rejecting: a frame to skip.
static bool next_interpreter(struct walk *self, struct frame *frame) {
  const struct offsets *at = &self->python->at;
  unsigned char owner = byte_at(self, at->frame_owner);
  uintptr_t code = word_at(self, at->frame_code);
  if (self->python->minor >= 12 && owner >= OWNER_C_STACK) {
    bool proven = is_shim(self, self->frame);
    // A greenlet that is switched away from has frames that lead past what lies on the C stack, and chunks of its own.
    if (proven && has_cframes(self) && !self->remote && !self->switching)
      proven = cframe_leave(self, word_at(self, at->frame_previous));
    return proven ? false : reject(self);
  }
  bool proven = owner == OWNER_GENERATOR ? is_in_generator(self, self->frame) : is_in_chunk(self, self->frame);
  if (!proven && !is_resumed(self, self->frame)) return reject(self);
  // A reference on the stack keeps a mark in its low bits (pycore_stackref.h); objects are aligned to 16 bytes.
  if (self->python->minor >= 14) code &= ~(uintptr_t)7;
  if (!code_key_read(&frame->key, self->python, code)) return reject(self);
  // A generator that runs was resumed by someone. One that has just yielded is cut off from its caller a few
  // instructions before it stops being the current frame (3.12+): what is below it cannot be known then.
  if (self->python->minor >= 12 && owner == OWNER_GENERATOR && !word_at(self, at->frame_previous)) return reject(self);
  frame->instruction_address = word_at(self, at->frame_instruction);
  intptr_t offset = (intptr_t)(frame->instruction_address - code - at->code_bytecode);
  frame->instruction = offset < 0 || offset > INT32_MAX ? -1 : (int32_t)offset;
  return true;
}

// Whether the frame, whose fields are `fields`, is the outermost of its invocation of the bytecode loop, and what that
// keeps on the C stack. False when it contradicts itself.
static bool entry_find(struct walk *self, struct frame *frame) {
  const struct offsets *at = &self->python->at;
  frame->entry = true;
  frame->mark = 0;
  if (self->python->minor == 11) {
    // _PyInterpreterFrame.is_entry lies just before its owner. An invocation's _PyCFrame leads to the one before it.
    frame->entry = byte_at(self, at->frame_owner - 1u);
    if (!frame->entry) return true;
    frame->mark = self->cframe;
    return cframe_leave(self, self->frame);
  }
  if (self->python->minor < 12 || !self->frame) return true;
  // Its caller is the frame that the invocation itself made, and that is a local variable there.
  self->fields = 0;
  if (!frame_load(self)) return false;
  frame->entry = byte_at(self, at->frame_owner) >= OWNER_C_STACK;
  if (frame->entry) frame->mark = self->frame;
  return true;
}

bool walk_next(struct walk *self, struct frame *frame) {
  const struct offsets *at = &self->python->at;
  while (self->frame) {
    // One read covers every field used.
    if (!frame_load(self)) return reject(self);
    frame->address = self->frame;
    bool found = self->python->minor < 11 ? next_object(self, frame) : next_interpreter(self, frame);
    if (self->result == WALK_REJECTED) return false;
    self->first = false;
    self->frame = word_at(self, at->frame_previous);
    if (self->failed || self->frame && !is_plausible(self->frame)) return reject(self);
    if (found && !self->remote && (!entry_find(self, frame) || self->failed)) return reject(self);
    if (!found || self->remote || self->python->minor < 12) self->fields = 0;
    if (found) return true;
  }
  return false;
}
