/** The Save button of the toolbar and its menu. */
import type { SavedFormat } from '../../protocol/savedPage';
import { el } from '../dom';
import { button } from '../controls/toolkit';

const choices: [SavedFormat, string][] = [
  ['png', 'Picture (PNG)'],
  ['svg', 'Picture (SVG)'],
  ['html', 'Chart for any browser (HTML)'],
];

/** A button that opens a menu; `save` is told what was chosen. */
export function createSaveMenu(save: (format: SavedFormat) => void): HTMLElement {
  const items = choices.map(([format, label]) => {
    const item = el('button', { type: 'button', role: 'menuitem', 'data-format': format }, label);
    item.addEventListener('click', () => {
      close();
      save(format);
    });
    return item;
  });
  const menu = el('div', { class: 'menu', role: 'menu', 'aria-label': 'Save the view' }, ...items);
  menu.hidden = true;
  const opener = button('Save', 'Save the view', () => (menu.hidden ? open() : close()));
  opener.setAttribute('aria-haspopup', 'menu');
  const element = el('div', { class: 'save' }, opener, menu);

  const open = (): void => {
    menu.hidden = false;
    // Under the button's right edge, unless the window ends there.
    menu.classList.remove('to-right');
    menu.classList.toggle('to-right', menu.getBoundingClientRect().left < 0);
    opener.setAttribute('aria-expanded', 'true');
    items[0]!.focus();
  };
  const close = (): void => {
    menu.hidden = true;
    opener.setAttribute('aria-expanded', 'false');
  };
  menu.addEventListener('keydown', (event) => {
    const by = event.key === 'ArrowDown' ? 1 : event.key === 'ArrowUp' ? -1 : 0;
    if (event.key === 'Escape') {
      close();
      opener.focus();
    } else if (by !== 0) {
      const at = items.findIndex((item) => item === document.activeElement);
      items[(at + by + items.length) % items.length]!.focus();
    } else return;
    event.preventDefault();
    event.stopPropagation();
  });
  element.addEventListener('focusout', (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) close();
  });
  return element;
}
