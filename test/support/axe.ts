import axe from 'axe-core';

/** axe as a script for a page. */
export const AXE = axe.source;
/** WCAG 2.2 AA, all that came before it, and what axe holds to be good practice. */
export const AXE_TAGS = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'];
