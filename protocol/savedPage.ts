/** Views of the flame chart as files: the panel makes them, the host writes them. */

/** What a view can be saved as. */
export const savedFormats = ['png', 'svg', 'html'] as const;
export type SavedFormat = (typeof savedFormats)[number];

/** Where the host puts the panel's own code into a page that is saved. */
export const savedPageMarks = { style: '/* main.css */', script: '/* main.js */' } as const;

/** The page with code at its marks; what would end the element it is in is written differently. */
export function fillPage(page: string, script: string, style: string): string {
  return page
    .replace(savedPageMarks.style, () => style.replace(/<\/(style)/gi, '<\\/$1'))
    .replace(savedPageMarks.script, () =>
      script.replace(/<\/(script)/gi, '<\\/$1').replace(/<!--/g, '<\\!--'),
    );
}
