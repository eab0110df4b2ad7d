#include "cpython/frames.h"

#include "signals/guard.h"
#include "unwind/arch.h"

// More frames than in any stack that is recorded: the pointers form a circle.
#define STEPS_MAX 16384

INLINE bool load(uintptr_t address, void *into, size_t size) {
  return is_plausible(address) && guarded_read(address, into, size);
}

// Loads a field of the frame to visit. A failed load gives 0 and sets `failed`, which walk_next checks.
INLINE uintptr_t word_at(struct walk *walk, unsigned offset) {
  return guard_load(walk->fields + offset, &walk->failed);
}
INLINE unsigned char byte_at(struct walk *walk, unsigned offset) {
  return guard_load_byte(walk->fields + offset, &walk->failed);
}

static bool reject(struct walk *walk) {
  walk->result = WALK_REJECTED;
  walk->frame = 0;
  return false;
}

// ---- Where frames may lie ----

INLINE bool is_on_stack(const struct walk *walk, uintptr_t address) {
  const struct thread *thread = walk->thread;
  return thread && address - thread->identity.stack_low < thread->identity.stack_end - thread->identity.stack_low;
}

// True when an invocation of the eval loop that has not returned may have data at this address of the C stack. When the
// thread runs on another stack than its own, any address may be right.
static bool is_kept(const struct walk *walk, uintptr_t address) {
  if (!walk->thread || !is_on_stack(walk, walk->sp)) return true;
  return is_on_stack(walk, address) && address >= walk->sp;
}

static bool chunk_enter(struct walk *walk, uintptr_t chunk) {
  uint64_t head[2];  // _PyStackChunk: the address of its predecessor, its size in bytes
  walk->chunk = 0;
  if (!load(chunk, head, sizeof head) || head[1] > ADDRESS_LIMIT) return false;
  walk->chunk = chunk;
  walk->chunk_end = chunk + head[1];
  return true;
}

// True when a frame lies in a chunk in use. The walk only goes on to older chunks: older frames never lie in newer
// ones.
static bool is_in_chunk(struct walk *walk, uintptr_t frame) {
  while (walk->chunk) {
    if (frame >= walk->chunk + CHUNK_DATA && frame < walk->chunk_end && walk->chunk_end - frame >= FRAME_BYTES)
      return true;
    uintptr_t previous;
    if (!load(walk->chunk, &previous, sizeof previous) || !chunk_enter(walk, previous)) return false;
  }
  return false;
}

static bool is_in_generator(const struct walk *walk, uintptr_t frame) {
  const struct interpreter *python = walk->python;
  uintptr_t type;
  if (!load(frame - python->at.generator.frame + OBJECT_TYPE, &type, sizeof type)) return false;
  return type == python->generator_types[0] || type == python->generator_types[1] || type == python->generator_types[2];
}

// True for a frame of a greenlet that is just being resumed: the thread state then has the greenlet's frames, but not
// its chunks yet. Two facts prove such a frame. The C stack is the greenlet's already: the invocation of the eval loop
// that called greenlet's code keeps the current cframe. And the frame has a frame object that points back to it, as
// every frame of a suspended greenlet has until it is left.
static bool is_resumed(struct walk *walk, uintptr_t frame) {
  uintptr_t object, fields[FRAME_OBJECT_FRAME / 8 + 1];
  if (!walk->switching || walk->cframe - walk->caller_low >= walk->caller_high - walk->caller_low) return false;
  object = word_at(walk, walk->python->at.frame.object);
  return load(object, fields, sizeof fields) && fields[OBJECT_TYPE / 8] == walk->python->frame_type &&
         fields[FRAME_OBJECT_FRAME / 8] == frame;
}

// True for a shim: a frame that C code keeps between frames of Python, on the C stack; the outermost one is part of the
// thread state.
static bool is_shim(struct walk *walk, uintptr_t frame) {
  const struct interpreter *python = walk->python;
  uintptr_t runs = word_at(walk, python->at.frame.code), type;
  if (python->minor >= 13) {
    if ((runs & ~(uintptr_t)7) != python->none) return false;
  } else if (!load(runs + OBJECT_TYPE, &type, sizeof type) || type != python->code_type) {
    return false;
  }
  if (frame - walk->tstate < 4096) return true;
  if (!is_kept(walk, frame) || is_on_stack(walk, frame) && frame <= walk->shim) return false;
  walk->shim = frame;
  return true;
}

// ---- 3.11 and 3.12: each invocation of the eval loop has a _PyCFrame ----

INLINE bool has_cframes(const struct walk *walk) {
  return walk->python->minor == 11 || walk->python->minor == 12;
}

// Goes to a _PyCFrame. *frame is its current frame.
static bool cframe_enter(struct walk *walk, uintptr_t cframe, uintptr_t *frame) {
  const struct layout *at = &walk->python->at;
  bool is_root = cframe == walk->tstate + at->tstate.root;
  if (!is_root && (!is_kept(walk, cframe) || is_on_stack(walk, cframe) && cframe <= walk->cframe)) return false;
  uintptr_t pair[2];
  if (!load(cframe + at->cframe.current, pair, sizeof pair)) return false;
  *frame = pair[0];
  walk->cframe = cframe;
  walk->cframe_previous = is_root ? 0 : pair[1];
  return true;
}

// Goes from the invocation whose outermost frame has the caller `caller` to the invocation before it. False unless that
// one's current frame is `caller`: otherwise one of them is being set up or left, or lies on a C stack that was
// exchanged.
static bool cframe_leave(struct walk *walk, uintptr_t caller) {
  uintptr_t current;
  if (!walk->cframe_previous) return !caller;
  return cframe_enter(walk, walk->cframe_previous, &current) && current == caller;
}

// ---- The walk ----

void walk_start(struct walk *walk, const struct interpreter *python, uintptr_t tstate, const struct registers *here,
                const struct thread *thread, bool remote) {
  const struct layout *at = &python->at;
  // Field by field: clearing `copy` would take too long.
  walk->python = python;
  walk->thread = thread;
  walk->tstate = tstate;
  walk->sp = here ? here->sp : 0;
  walk->remote = remote;
  walk->first = true;
  walk->result = WALK_NONE;
  walk->steps = 0;
  walk->frame = walk->chunk = walk->chunk_end = walk->shim = walk->cframe = walk->cframe_previous = 0;
  walk->fields = walk->caller_low = walk->caller_high = 0;
  walk->failed = 0;
  walk->switching = false;
  if (!is_plausible(tstate)) return;
  if (here && here->pc - python->linking.start < python->linking.end - python->linking.start) {
    reject(walk);
    return;
  }
  uintptr_t frame, chunk;
  if (!load(tstate + at->tstate.frame, &frame, sizeof frame)) return;
  if (has_cframes(walk) && frame && !cframe_enter(walk, frame, &frame)) {
    reject(walk);
    return;
  }
  if (!frame) return;
  walk->frame = frame;
  walk->result = WALK_OK;
  if (python->minor < 11) return;
  // When every frame of Python code belongs to a generator, there may be no chunk.
  if (load(tstate + at->tstate.chunk, &chunk, sizeof chunk)) chunk_enter(walk, chunk);
}

static bool frame_load(struct walk *walk) {
  if (walk->fields) return true;
  if (++walk->steps > STEPS_MAX || !is_plausible(walk->frame)) return false;
  walk->fields = guarded_fields(walk->frame, walk->copy, walk->python->minor < 11 ? FRAME_OBJECT_BYTES : FRAME_BYTES);
  return walk->fields;
}

// 3.9 and 3.10: a list of PyFrameObject.
static bool next_object(struct walk *walk, struct frame *frame) {
  const struct layout *at = &walk->python->at;
  if (word_at(walk, OBJECT_TYPE) != walk->python->frame_type) return reject(walk);
  if (!code_key_read(&frame->key, walk->python, word_at(walk, at->frame.code))) return reject(walk);
  int32_t last = (int32_t)guard_load_half(walk->fields + at->frame.instruction, &walk->failed);
  frame->instruction = last < 0 ? -1 : last * at->frame.instruction_unit;
  frame->instruction_address = 0;
  uintptr_t bytecode;
  if (walk->first && last >= 0 && load(frame->key.code + at->code.bytecode, &bytecode, sizeof bytecode))
    frame->instruction_address = bytecode + at->bytes.data + (uintptr_t)frame->instruction;
  return true;
}

// 3.11 and later: a list of _PyInterpreterFrame. False for a frame to skip; the result tells whether the walk failed.
static bool next_interpreter(struct walk *walk, struct frame *frame) {
  const struct layout *at = &walk->python->at;
  unsigned char owner = byte_at(walk, at->frame.owner);
  uintptr_t code = word_at(walk, at->frame.code);
  if (walk->python->minor >= 12 && owner >= OWNER_C_STACK) {
    bool proven = is_shim(walk, walk->frame);
    // While greenlet switches away from a greenlet, the frames of that greenlet do not belong to the cframes on the C
    // stack any more. They lie in the greenlet's own chunks, which is proof enough.
    if (proven && has_cframes(walk) && !walk->remote && !walk->switching)
      proven = cframe_leave(walk, word_at(walk, at->frame.previous));
    return proven ? false : reject(walk);
  }
  bool proven = owner == OWNER_GENERATOR ? is_in_generator(walk, walk->frame) : is_in_chunk(walk, walk->frame);
  if (!proven && !is_resumed(walk, walk->frame)) return reject(walk);
  // A reference on the stack has a mark in its low bits (pycore_stackref.h); objects are aligned to 16 bytes.
  if (walk->python->minor >= 14) code &= ~(uintptr_t)7;
  if (!code_key_read(&frame->key, walk->python, code)) return reject(walk);
  // A generator that runs has a caller, which resumed it. From 3.12 on, a generator that yields loses its caller a few
  // instructions before it stops being the current frame: in between, the rest of the stack is not known.
  if (walk->python->minor >= 12 && owner == OWNER_GENERATOR && !word_at(walk, at->frame.previous)) return reject(walk);
  frame->instruction_address = word_at(walk, at->frame.instruction);
  intptr_t offset = (intptr_t)(frame->instruction_address - code - at->code.bytecode);
  frame->instruction = offset < 0 || offset > INT32_MAX ? -1 : (int32_t)offset;
  return true;
}

// Finds out whether the frame is the outermost one of its invocation of the eval loop, and what that invocation keeps
// on the C stack. False on a contradiction.
static bool entry_find(struct walk *walk, struct frame *frame) {
  const struct layout *at = &walk->python->at;
  frame->entry = true;
  frame->mark = 0;
  if (walk->python->minor == 11) {
    // The invocation's _PyCFrame leads to that of the invocation before it.
    frame->entry = byte_at(walk, at->frame.is_entry);
    if (!frame->entry) return true;
    frame->mark = walk->cframe;
    return cframe_leave(walk, walk->frame);
  }
  if (walk->python->minor < 12 || !walk->frame) return true;
  // The caller of the outermost frame is a shim that the invocation itself keeps as a local variable, on the C stack.
  walk->fields = 0;
  if (!frame_load(walk)) return false;
  frame->entry = byte_at(walk, at->frame.owner) >= OWNER_C_STACK;
  if (frame->entry) frame->mark = walk->frame;
  return true;
}

bool walk_next(struct walk *walk, struct frame *frame) {
  const struct layout *at = &walk->python->at;
  while (walk->frame) {
    // Without fast reads, one copy serves all fields that are used.
    if (!frame_load(walk)) return reject(walk);
    frame->address = walk->frame;
    bool found = walk->python->minor < 11 ? next_object(walk, frame) : next_interpreter(walk, frame);
    if (walk->result == WALK_REJECTED) return false;
    walk->first = false;
    walk->frame = word_at(walk, at->frame.previous);
    if (walk->failed || walk->frame && !is_plausible(walk->frame)) return reject(walk);
    if (found && !walk->remote && (!entry_find(walk, frame) || walk->failed)) return reject(walk);
    if (!found || walk->remote || walk->python->minor < 12) walk->fields = 0;
    if (found) return true;
  }
  return false;
}
