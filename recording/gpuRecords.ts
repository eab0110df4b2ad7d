/** Records about GPUs. Times are nanoseconds. */

/** A GPU that the process uses. */
export interface GpuDeviceRecord {
  kind: 'gpuDevice';
  /** The driver's number of the GPU, from 0. */
  device: number;
  /** Bytes of its memory; 0: unknown. */
  bytes: number;
  name: string;
}
/** What the process did with a GPU during a stretch of time; null: unknown. */
export interface GpuUseRecord {
  kind: 'gpuUse';
  device: number;
  startNs: number;
  endNs: number;
  /** How long the process kept the GPU busy in that time, ns. */
  busyNs: number | null;
  /** Bytes of the GPU's memory that the process holds at the end. */
  bytes: number | null;
  /** CPU time spent on asking the driver so far, ns. */
  costNs: number;
  /** GpuPlaceRecords say which places kept the GPU busy. */
  settled?: true;
}

/** How long a place kept GPUs busy, from GpuUseRecords that were thinned. */
export interface GpuPlaceRecord {
  kind: 'gpuPlace';
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  ns: number;
}

export type GpuRecord = GpuDeviceRecord | GpuUseRecord | GpuPlaceRecord;
