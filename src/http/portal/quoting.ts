/** A value as one kind of reader takes it; `undefined` where that reader has no way to write it. */
export type Quote = (value: string) => string | undefined;

// A terminal obeys control characters while they are being pasted, whatever quotes stand around them.
const UNPRINTABLE = /[\p{Cc}\p{Cs}\p{Zl}\p{Zp}]/u;
/** What no reader of `NAME=value` lines takes for anything but itself. */
const PLAIN = /^[\w./:=+@,[\]-]+$/;

/** For sh, bash and zsh: nothing is special between single quotes. @see POSIX Shell Command Language 2.2.2 */
export const quoteForShell: Quote = printable((value) => `'${value.replaceAll("'", "'\\''")}'`);

/** For PowerShell, which takes the four curly single quotes for straight ones. @see about_Quoting_Rules */
export const quoteForPowerShell: Quote = printable(
  (value) => `'${value.replaceAll(/['\u2018-\u201b]/g, '$&$&')}'`,
);

/**
 * For the inside of cmd's `set "NAME=…"`. At its prompt `%` and `!` cannot be escaped, and a quote ends the quoting: a value
 * with one of them cannot be written.
 */
export const quoteForCmd: Quote = printable((value) => (/["%!]/.test(value) ? undefined : value));

/** For `.env` files. Bare where it can be, since Docker's `--env-file` takes quotes for a part of the value. */
export const quoteForDotenv: Quote = printable((value) => {
  if (PLAIN.test(value)) return value;
  // Readers agree on what stands between single quotes, and on how to write one there they do not.
  return /['\\]/.test(value) ? undefined : `'${value}'`;
});

/** For AWS's configuration files, which know neither quotes nor escapes. */
export const quoteForIni: Quote = (value) => (PLAIN.test(value) ? value : undefined);

function printable(quote: Quote): Quote {
  return (value) => (UNPRINTABLE.test(value) ? undefined : quote(value));
}
