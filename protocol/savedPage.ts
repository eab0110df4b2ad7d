/** Views of the flame chart as files. The panel makes them, the host writes them. */

/** The kinds of files that a view can be saved as. */
export const savedFormats = ['png', 'svg', 'html'] as const;
export type SavedFormat = (typeof savedFormats)[number];

/** Marks in a saved page that the host replaces by the panel's own code. */
export const savedPageMarks = { style: '/* main.css */', script: '/* main.js */' } as const;

/** The page with code at its marks. Text in the code that would end its element is escaped. */
export function fillPage(page: string, script: string, style: string): string {
  return page
    .replace(savedPageMarks.style, () => style.replace(/<\/(style)/gi, '<\\/$1'))
    .replace(savedPageMarks.script, () =>
      script.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--'),
    );
}
