/** What one person can have living: enough for anybody's browsers, too few to fill a store by signing in again and again. */
export const MOST_BROWSER_SESSIONS = 200;
