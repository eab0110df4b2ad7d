/**
 * The functions as a sortable table, of the time in view or, under metrics that have no time, of the whole run. Screen
 * readers get the figures of the chart from it.
 */
import { select } from 'd3';
import { functionTable, type FunctionRow } from '../model/stats';
import { baseName, isInstalled } from '../../profile/paths';
import { frameKinds } from '../../profile/flame/tables';
import { el } from '../dom';
import type { Dispatch } from '../intents/intent';
import { isOfTime } from '../../profile/flame/memory';
import { isBytes } from '../model/merged';
import { formatShare, formatTime } from '../../profile/words/numbers';
import { formatAmount, metricName } from '../format';
import { kindName } from '../state/names';
import { metricOf, weightsOf } from '../state/derived';
import type { State } from '../state/state';

type Order = 'self' | 'total' | 'name';
const mostRows = 1000;

export interface FunctionTable {
  element: HTMLElement;
  update: () => void;
}

/** A table of the state's functions, those of one's own code marked. */
export function createTable(state: State, dispatch: Dispatch): FunctionTable {
  let order: Order = 'self';
  const head = el('tr', {});
  const body = el('tbody', {});
  const note = el('p', { class: 'table-note' });
  const table = el('table', {}, el('thead', {}, head), body);
  const element = el('div', { class: 'table', tabindex: '-1' }, note, table);
  element.hidden = true;

  const heading = (key: Order | null, label: string): HTMLElement => {
    if (key === null) return el('th', { scope: 'col' }, label);
    const sort = el('button', { type: 'button' }, label);
    sort.addEventListener('click', () => {
      order = key;
      update();
    });
    return el('th', { scope: 'col', 'data-order': key }, sort);
  };
  head.append(
    heading('self', 'Self'),
    heading('total', 'Total'),
    heading('name', 'Function'),
    heading(null, 'Where'),
    heading(null, 'Kind'),
  );

  const nameOf = (row: FunctionRow): string =>
    state.store.describeFunction(row.fn).name || kindName(frameKinds[row.kind]!);

  const update = (): void => {
    if (element.hidden) return;
    const { store } = state;
    const { start, end } = state.time;
    const metric = metricOf(state);
    const rows = functionTable(store, weightsOf(state).weight);
    const whole = rows.reduce((sum, row) => Math.max(sum, row.total), 0);
    const wanted = state.found ? rows.filter((row) => state.found!.functions[row.fn] === 1) : rows;
    if (order === 'total') wanted.sort((a, b) => b.total - a.total);
    if (order === 'name') wanted.sort((a, b) => nameOf(a).localeCompare(nameOf(b)));
    for (const cell of head.children) {
      const isOrder = (cell as HTMLElement).dataset['order'] === order;
      cell.setAttribute(
        'aria-sort',
        isOrder ? (order === 'name' ? 'ascending' : 'descending') : 'none',
      );
    }
    note.textContent =
      (isBytes(metric) && !isOfTime(metric)
        ? `The whole run, ${metricName(metric)}.`
        : `${formatTime(start)} to ${formatTime(end)}, ${metricName(metric)}.`) +
      (wanted.length > mostRows ? ` The first ${mostRows} of ${wanted.length} functions.` : '');
    select(body)
      .selectAll<HTMLTableRowElement, FunctionRow>('tr.row')
      .data(wanted.slice(0, mostRows), (row) => `${row.fn}.${row.kind}`)
      .join((enter) => enter.append(() => newRow(dispatch)))
      .order()
      .each(function fill(row) {
        const { file, line, module } = store.describeFunction(row.fn);
        const isOwn = file !== '' && !file.startsWith('<') && !isInstalled(file);
        const texts = [
          `${formatAmount(metric, row.self)}  ${formatShare(row.self, whole)}`,
          `${formatAmount(metric, row.total)}  ${formatShare(row.total, whole)}`,
          nameOf(row),
          (file ? `${baseName(file)}:${line}` : baseName(module)) + (isOwn ? ' · own code' : ''),
          kindName(frameKinds[row.kind]!),
        ];
        texts.forEach((text, i) => {
          const cell = this.cells[i]!;
          (i === 2 ? cell.firstElementChild! : cell).textContent = text;
        });
        this.cells[3]!.title = file || module;
        this.dataset['kind'] = frameKinds[row.kind]!;
        this.classList.toggle('own', isOwn);
      });
  };
  return { element, update };
}

function newRow(dispatch: Dispatch): HTMLTableRowElement {
  const name = el('button', { type: 'button', title: 'Show its line' });
  const around = el('button', { type: 'button', title: 'Callers and callees' }, '⇅');
  around.setAttribute('aria-label', 'Callers and callees');
  const row = el(
    'tr',
    {},
    el('td', {}),
    el('td', {}),
    el('td', {}, name, around),
    el('td', {}),
    el('td', {}),
  );
  const datum = (): FunctionRow => select<HTMLElement, FunctionRow>(row).datum();
  name.addEventListener('click', () => {
    const { fn, frame } = datum();
    dispatch({ type: 'openFunction', fn, frame });
  });
  around.addEventListener('click', () => {
    const { fn, kind } = datum();
    dispatch({ type: 'showFunction', fn, kind });
  });
  return row;
}
