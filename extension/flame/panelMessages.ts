import type { FromPanel } from '../../protocol/panel';
import { savedFormats } from '../../protocol/savedPage';

/** Whether a message is one that the panel may send, with all its fields: what a webview posts has no type. */
export function isFromPanel(message: unknown): message is FromPanel {
  if (typeof message !== 'object' || message === null) return false;
  const fields = message as Record<string, unknown>;
  const is = (name: string, type: 'string' | 'number' | 'boolean') => typeof fields[name] === type;
  switch (fields['type']) {
    case 'ready':
    case 'turnOnMemory':
    case 'openLastRun':
      return true;
    case 'ack':
      return is('sequence', 'number');
    case 'open':
      return (
        is('path', 'string') &&
        is('line', 'number') &&
        is('column', 'number') &&
        is('go', 'boolean')
      );
    case 'width':
      return is('pixels', 'number') && is('columnPart', 'number');
    case 'copy':
      return is('text', 'string');
    case 'save':
      return (
        savedFormats.some((format) => format === fields['format']) &&
        fields['data'] instanceof ArrayBuffer
      );
    case 'native':
      return is('shown', 'boolean');
    case 'onlyMyCode':
      return is('chosen', 'boolean');
    case 'range':
      return is('text', 'string') && isRange(fields['range']);
    case 'error':
      return is('message', 'string');
    default:
      return false;
  }
}

function isRange(value: unknown): boolean {
  if (value === null) return true;
  const { fromNs, untilNs } = (value ?? {}) as Record<string, unknown>;
  return typeof fromNs === 'number' && (untilNs === null || typeof untilNs === 'number');
}
