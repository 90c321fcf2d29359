/** What an installation may choose of the pages' looks. */
export type Branding = {
  /** Stands where Rolebridge would. */
  readonly name: string;
  /** `#rrggbb`; dark against white (4.5:1), which the configuration checks. */
  readonly accent?: string;
  readonly logo?: { readonly mediaType: 'image/svg+xml' | 'image/png'; readonly bytes: Uint8Array };
};
