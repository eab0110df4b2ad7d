/** Records about GPUs. Times are nanoseconds. */

/** A GPU that the process uses. */
export interface GpuDeviceRecord {
  kind: 'gpuDevice';
  /** As the driver counts them, from 0. */
  device: number;
  /** Bytes of its memory; 0 when that is not known. */
  bytes: number;
  name: string;
}
/** What the process did with a GPU from one moment to another; null: not known. */
export interface GpuUseRecord {
  kind: 'gpuUse';
  device: number;
  startNs: number;
  endNs: number;
  /** How much of that time it kept the GPU busy, ns. */
  busyNs: number | null;
  /** Bytes of the GPU's memory that it has at the end. */
  bytes: number | null;
  /** CPU time of finding out, since the process was first asked about, ns. */
  costNs: number;
  /** Which places kept it busy is in GpuPlaceRecords. */
  settled?: true;
}

/** How long a place kept GPUs busy, as GpuUseRecords of long ago say. */
export interface GpuPlaceRecord {
  kind: 'gpuPlace';
  stack: number;
  native: number;
  /** −1 when native is 0. */
  opcode: number;
  ns: number;
}

export type GpuRecord = GpuDeviceRecord | GpuUseRecord | GpuPlaceRecord;
