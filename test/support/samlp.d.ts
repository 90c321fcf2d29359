// The package has no types of its own. These are of the parts that tests use.
declare module 'samlp' {
  type Middleware = (request: object, response: object, next: (error: unknown) => void) => void;
  export function auth(options: Readonly<Record<string, unknown>>): Middleware;
  export function metadata(options: Readonly<Record<string, unknown>>): Middleware;
}
