/** The view as a file for others. */
import type { SavedFormat } from '../../protocol/savedPage';
import type { Chart } from '../draw/chart';
import { formatNumberOf } from '../../profile/words/numbers';
import { pngOf, svgOf } from './picture';
import { mostSavedSamples, savedPage } from './savedPage';
import type { State } from '../state/state';

/** The bytes to be saved, or a sentence that says why there are none. */
export async function saveView(
  state: State,
  chart: Chart,
  format: SavedFormat,
): Promise<ArrayBuffer | string> {
  const { sampleCount } = state.store;
  if (sampleCount === 0) return 'There is nothing to save yet.';
  if (format === 'html') {
    if (sampleCount > mostSavedSamples) {
      return `${formatNumberOf(sampleCount, 'sample')} are too many for one HTML file. Save a picture, or send the recording instead.`;
    }
    return savedPage(state);
  }
  if (state.mode === 'table') {
    return 'The table has no picture. Save it as HTML, or go to another view first.';
  }
  const picture = svgOf(state, chart);
  return format === 'png' ? pngOf(picture) : new TextEncoder().encode(picture.svg).buffer;
}
