/** What an installation may choose of the pages' looks. */
export type Branding = {
  /** Stands where Rolebridge would. */
  readonly name: string;
  /** `#rrggbb` each: of buttons and links on a light ground, of links on a dark one. The configuration saw to the contrast. */
  readonly accent: { readonly light: string; readonly dark: string };
  readonly logo?: { readonly mediaType: 'image/svg+xml' | 'image/png'; readonly bytes: Uint8Array };
};
