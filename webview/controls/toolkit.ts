/**
 * The panel's controls. The only file that knows @vscode/webview-ui-toolkit, so that another set of controls can
 * take its place: each function returns an element and a typed handle, nothing of the library leaks out.
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeDropdown,
  vsCodeOption,
  vsCodeTextField,
  type Dropdown,
  type TextField,
} from '@vscode/webview-ui-toolkit';
import { el } from '../dom';

/** Define the custom elements. Call once, before any control is made. */
export function defineControls(): void {
  provideVSCodeDesignSystem().register(
    vsCodeButton(),
    vsCodeDropdown(),
    vsCodeOption(),
    vsCodeTextField(),
  );
}

/** A push button; `title` is its tooltip, and with the words on it its name for screen readers. */
export function button(label: string, title: string, onClick: () => void): HTMLElement {
  const element = document.createElement('vscode-button');
  element.setAttribute('appearance', 'secondary');
  element.setAttribute('title', title);
  element.setAttribute('aria-label', nameOf(label, title));
  element.append(label);
  element.addEventListener('click', onClick);
  return element;
}

/** The name of a control for screen readers begins with its visible words; labels without letters are not read. */
export function nameOf(label: string, title: string): string {
  return !/\p{L}/u.test(label) || title.startsWith(label) ? title : `${label}: ${title}`;
}

/** A button that stays pressed. */
export function toggle(
  label: string,
  title: string,
  onClick: () => void,
): { element: HTMLElement; set: (on: boolean) => void } {
  const element = button(label, title, onClick);
  return { element, set: (on) => press(element, on) };
}

function press(control: HTMLElement, on: boolean): void {
  control.setAttribute('appearance', on ? 'primary' : 'secondary');
  control.setAttribute('aria-pressed', String(on));
}

export interface Choice {
  value: string;
  label: string;
}

/** A row of buttons of which one is on. */
export function segmented(
  label: string,
  choices: (Choice & { title: string })[],
  onChange: (value: string) => void,
): { element: HTMLElement; set: (value: string) => void } {
  const buttons = choices.map(({ value, label: text, title }) => {
    const control = button(text, title, () => onChange(value));
    control.classList.add('segment');
    control.dataset['value'] = value;
    return control;
  });
  return {
    element: el('div', { role: 'group', 'aria-label': label, class: 'segments' }, ...buttons),
    set: (value) => {
      for (const control of buttons) {
        press(control, control.dataset['value'] === value);
      }
    },
  };
}

/** A drop-down list. `set` replaces the choices only where they changed, so that an open list is left alone. */
export function dropdown(
  label: string,
  onChange: (value: string) => void,
): { element: HTMLElement; set: (choices: Choice[], value: string) => void } {
  const element = document.createElement('vscode-dropdown') as Dropdown;
  element.setAttribute('aria-label', label);
  element.setAttribute('title', label);
  element.addEventListener('change', () => onChange(element.value));
  let shown = '';
  return {
    element,
    set: (choices, value) => {
      const wanted = JSON.stringify(choices);
      if (wanted !== shown) {
        shown = wanted;
        element.replaceChildren(
          ...choices.map((choice) => {
            const option = document.createElement('vscode-option');
            option.setAttribute('value', choice.value);
            option.append(choice.label);
            return option;
          }),
        );
      }
      // The list reads its options in a later task; until then a value would be refused.
      queueMicrotask(() => (element.value = value));
    },
  };
}

/** A one-line text field that reports every keystroke. */
export function textField(
  label: string,
  placeholder: string,
  onInput: (value: string) => void,
): { element: HTMLElement; focus: () => void; set: (value: string) => void } {
  const element = document.createElement('vscode-text-field') as TextField;
  element.setAttribute('placeholder', placeholder);
  element.setAttribute('aria-label', label);
  element.setAttribute('title', label);
  element.addEventListener('input', () => onInput(element.value));
  return {
    element,
    focus: () => {
      element.focus();
      element.shadowRoot?.querySelector('input')?.select();
    },
    set: (value) => (element.value = value),
  };
}
