/**
 * The memory of a run for the flame chart as one block of bytes, laid out by protocol/columns.ts.
 *
 * | bytes | what |
 * |---|---|
 * | 8 | `LSFLMEM2` |
 * | 2 × u32 | processes, places |
 * | each process | u32 pid, points, processes · f64 start, end, slice, peak time, peak bytes · f64 time · f64 resident · f64 live |
 * | places | u32 stack · u32 process · f64 allocated · f64 allocations · f64 peak · f64 growth · f32 change × mostSlices |
 */
import type { FlameMemory, FlameProcess } from '../profile/flame/memory';
import { mostSlices } from '../profile/memory/sites';
import { ColumnReader, joinColumns } from './columns';
import { damagedChart } from '../recording/damage';
import { encodeUtf8 } from '../recording/utf8';

const signature = encodeUtf8('LSFLMEM2');

/** The bytes of a run's memory. */
export function encodeFlameMemory(memory: FlameMemory): ArrayBuffer {
  const { processes, stack, process, allocated, allocations, peak, growth, change } = memory;
  return joinColumns([
    signature,
    Uint32Array.of(processes.length, stack.length),
    ...processes.flatMap(
      ({ pid, processes, startNs, endNs, sliceNs, peakNs, peakBytes, time, resident, live }) => [
        Uint32Array.of(pid, time.length, processes),
        Float64Array.of(startNs, endNs, sliceNs, peakNs, peakBytes),
        ...[time, resident, live],
      ],
    ),
    ...[stack, process, allocated, allocations, peak, growth, change],
  ]);
}

/** Views of the columns. Throws an Error in words for the user if the bytes are not a run's memory. */
export function decodeFlameMemory(buffer: ArrayBuffer): FlameMemory {
  const reader = new ColumnReader(buffer);
  if (reader.u8(8).some((byte, index) => byte !== signature[index])) {
    throw damagedChart();
  }
  const [processCount, places] = reader.u32(2) as unknown as [number, number];
  const processes: FlameProcess[] = [];
  for (let index = 0; index < processCount; index++) {
    const [pid, points, several] = reader.u32(3) as unknown as [number, number, number];
    const [startNs, endNs, sliceNs, peakNs, peakBytes] = reader.f64(5) as unknown as number[];
    processes.push({
      pid,
      processes: several,
      startNs: startNs!,
      endNs: endNs!,
      sliceNs: sliceNs!,
      peakNs: peakNs!,
      peakBytes: peakBytes!,
      time: reader.f64(points),
      resident: reader.f64(points),
      live: reader.f64(points),
    });
  }
  const memory = {
    processes,
    stack: reader.u32(places),
    process: reader.u32(places),
    allocated: reader.f64(places),
    allocations: reader.f64(places),
    peak: reader.f64(places),
    growth: reader.f64(places),
    change: reader.f32(places * mostSlices),
  };
  if (memory.process.some((process) => process >= processCount)) {
    throw damagedChart();
  }
  return memory;
}
