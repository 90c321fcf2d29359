// Each folder of src may import itself and the folders named here; app.ts may import all.
const mayImport = {
  config: ['domain'],
  domain: [],
  protocols: ['domain'],
  stores: ['domain'],
  keys: ['domain'],
  telemetry: ['domain'],
  http: ['domain', 'protocols'],
};
const layer = ([from, allowed]) => ({
  name: `${from}-imports-${allowed.join('-and-') || 'nothing-else'}`,
  severity: 'error',
  from: { path: `^src/${from}/` },
  to: { path: '^src/', pathNot: [from, ...allowed].map((folder) => `^src/${folder}/`) },
});
// Siblings never import one another; what two of them need goes down a layer.
const strangers = (parent, shared) => ({
  name: `${parent}-siblings-are-strangers`,
  severity: 'error',
  from: { path: `^src/${parent}/([^/]+)/` },
  to: { path: `^src/${parent}/`, pathNot: [`^src/${parent}/$1/`, ...shared] },
});
module.exports = {
  forbidden: [
    ...Object.entries(mayImport).map(layer),
    strangers('http', ['^src/http/middleware/', '^src/http/[^/]+\\.ts$']),
    strangers('protocols', []),
    strangers('stores', ['^src/stores/[^/]+\\.ts$']),
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'no-dumping-grounds',
      severity: 'error',
      from: {},
      to: { path: '(^|/)(utils?|helpers?|common|misc|shared|lib)(/|\\.ts$)', pathNot: 'node_modules' },
    },
    {
      name: 'domain-is-pure',
      severity: 'error',
      from: { path: '^src/domain/' },
      to: { pathNot: ['^src/domain/', '^crypto$', '^node_modules/zod/'] },
    },
    {
      name: 'koa-at-the-edge',
      severity: 'error',
      from: { pathNot: '^src/(http/|app\\.ts)' },
      to: { path: 'node_modules/(@types/)?(koa|@koa)' },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
  },
};
