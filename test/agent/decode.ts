/** Recordings read without the model: what the agent itself wrote, frame by frame. */
import { readFileSync } from 'node:fs';
import { decodeLineTable, lookUp, type LineTable } from '../../profile/stacks/lineTable';
import type {
  CodeRecord,
  ProcessRecord,
  RecordingHeader,
  SampleRecord,
  StackRecord,
  StatsRecord,
} from '../../recording/records';
import { readHeader, StreamDecoder } from '../../recording/decode';

export interface Frame {
  name: string;
  file: string;
  /** 0 where the line table has none. */
  line: number;
  /** 3.12 and later put a frame that nobody wrote below an `__init__`. */
  isShim: boolean;
  /** Leaf of the native frames between its caller's eval loop and its own, 0 for none known. */
  between: number;
}

export interface Recording {
  header: RecordingHeader;
  process: ProcessRecord | undefined;
  samples: SampleRecord[];
  stats: StatsRecord | undefined;
  /** How many records there are about memory. */
  memory: number;
  /** Outermost frame first; [] for stack 0. */
  frames(stack: number): Frame[];
}

const aboutMemory = new Set(['allocation', 'free', 'copy', 'footprint']);

/** Reads what a recording has committed. */
export function decode(path: string): Recording {
  const bytes = new Uint8Array(readFileSync(path));
  const header = readHeader(bytes);
  const codes = new Map<number, CodeRecord & { table: LineTable }>();
  const stacks: StackRecord[] = [];
  const samples: SampleRecord[] = [];
  let stats: StatsRecord | undefined;
  let process: ProcessRecord | undefined;
  let memory = 0;
  const committed = bytes.subarray(header.headerSize, header.headerSize + header.committed);
  const decoder = new StreamDecoder(header);
  decoder.push(committed, (record) => {
    if (record.kind === 'process') process = record;
    else if (record.kind === 'stack') stacks.push(record);
    else if (record.kind === 'sample') samples.push(record);
    else if (record.kind === 'stats') stats = record;
    else if (aboutMemory.has(record.kind)) memory++;
    else if (record.kind === 'code') {
      const table = decodeLineTable(process?.hexversion ?? 0, record.firstLine, record.lineTable);
      codes.set(record.code, { ...record, table });
    }
  });
  if (decoder.leftOver !== undefined) throw new Error(decoder.leftOver);
  const frames = (stack: number): Frame[] => {
    const found: Frame[] = [];
    for (let id = stack; id !== 0; id = stacks[id - 1]!.parent) {
      const { code, instruction, between } = stacks[id - 1]!;
      const at = codes.get(code);
      if (!at)
        throw new Error(`Stack ${id} names code ${code}, which the recording never describes.`);
      found.push({
        name: at.name,
        file: at.filename,
        line: lookUp(at.table, instruction).line,
        isShim: at.lineTable.length <= 2 && at.filename === at.name,
        between,
      });
    }
    return found.reverse();
  };
  return { header, process, samples, stats, memory, frames };
}
