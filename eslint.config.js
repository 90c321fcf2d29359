import tseslint from 'typescript-eslint';

const forbidden = [
  {
    selector: ':function > Identifier.params[typeAnnotation.typeAnnotation.type="TSBooleanKeyword"]',
    message: 'Boolean parameter: take an options object or split the function.',
  },
  {
    selector: ':function > AssignmentPattern.params[right.raw=/^(true|false)$/]',
    message: 'Boolean parameter: take an options object or split the function.',
  },
  { selector: 'ExportDefaultDeclaration', message: 'Named exports only.' },
  { selector: 'ExportAllDeclaration', message: 'No barrels.' },
  {
    selector: 'TSAsExpression:not([typeAnnotation.typeName.name="const"])',
    message: 'Parse the value or narrow it; do not assert.',
  },
];
const impure = [
  {
    selector: 'NewExpression[callee.name="Date"][arguments.length=0]',
    message: 'Take the time as a parameter.',
  },
];

export default tseslint.config(
  { ignores: ['node_modules', '.cache', '*.js', '*.cjs'] },
  ...tseslint.configs.strictTypeChecked,
  {
    languageOptions: { parserOptions: { projectService: true } },
    linterOptions: { reportUnusedDisableDirectives: 'error' },
    rules: {
      'no-console': 'error',
      'no-restricted-syntax': ['error', ...forbidden],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
    },
  },
  // Scripts for browsers: served as they are, so they are JavaScript and have no types to ask.
  { files: ['views/assets/*.js'], ...tseslint.configs.disableTypeChecked },
  // Vitest reads its configuration from a default export.
  { files: ['vitest.config.ts'], rules: { 'no-restricted-syntax': 'off' } },
  {
    files: ['src/**'],
    ignores: ['src/config/**', 'src/cli/**', 'src/main.ts'],
    rules: {
      'no-restricted-globals': ['error', 'process'],
    },
  },
  {
    files: ['src/domain/**', 'src/protocols/**'],
    rules: {
      'no-restricted-syntax': ['error', ...forbidden, ...impure],
      'no-restricted-globals': ['error', 'fetch', 'process', 'setTimeout', 'setInterval', 'crypto'],
      'no-restricted-properties': [
        'error',
        { object: 'Date', property: 'now', message: 'Take the time as a parameter.' },
        { object: 'Math', property: 'random', message: 'Take randomness as a parameter.' },
      ],
      'no-restricted-imports': [
        'error',
        {
          paths: [
            {
              name: 'node:crypto',
              importNames: ['randomBytes', 'randomInt', 'randomUUID'],
              message: 'Take randomness as a parameter.',
            },
          ],
        },
      ],
    },
  },
);
