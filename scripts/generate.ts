import { writeFileSync } from 'node:fs';
import { z } from 'zod';
import { configSchema } from '../src/config/schema.ts';

type SchemaNode = z.core.JSONSchema.BaseSchema;
type Row = { readonly key: string; readonly node: SchemaNode; readonly isRequired: boolean };

const schema = z.toJSONSchema(configSchema, { io: 'input' });

/** The files that are made from the configuration schema: paths from the project's folder, and their texts. */
export function generatedFiles(): readonly { readonly path: string; readonly text: string }[] {
  return [
    { path: 'config/schema.json', text: `${JSON.stringify(schema, undefined, 2)}\n` },
    { path: 'docs/configuration.md', text: renderReference(schema) },
  ];
}

const INTRODUCTION = `# Configuration

<!-- Generated from src/config/schema.ts by \`npm run generate\`. -->

One YAML or JSON file, at most 5 MB, in UTF-8. \`config/example.yaml\` shows every section, \`config/schema.json\` lets
editors complete and check it, \`rolebridge validate FILE\` reports every fault with its place. Unknown keys are refused.

- **Durations** are a whole number and \`s\`, \`m\`, \`h\` or \`d\`: \`60s\`, \`30m\`, \`12h\`, \`90d\`.
- **Secrets** are references, \`{ env: NAME }\` or \`{ file: PATH }\`, read when the service starts or reloads; a line break
  at a file's end is no part of the secret.
- **Files**: key sets and secrets are relative to the configuration file's folder. \`store.sqlite.path\` and
  \`masterKey.file\`, which the service itself writes, are relative to the folder it is started in.
- **Account ids** stand in quotes, so that leading zeros stay.
- **The master key** is one \`kid:base64\` entry (32 bytes) to a line, or separated by commas in a variable. The first entry
  seals, all of them open.
`;

function renderReference(root: SchemaNode): string {
  const required = new Set(root.required);
  const sections = childrenOf(root).map(({ key, node }) =>
    renderSection({ key, node, isRequired: required.has(key) }),
  );
  return [INTRODUCTION, ...sections].join('\n');
}

function renderSection(section: Row): string {
  const rows = rowsOf(section.node, '');
  const facts = rows.length === 0 ? ` Value: ${renderType(section.node)}.` : '';
  const heading = `## \`${section.key}\`\n\n${section.node.description ?? ''}${facts}${renderPresence(section)}\n`;
  if (rows.length === 0) return heading;
  const lines = rows.map((row) =>
    [`\`${row.key}\``, cell(renderType(row.node)), renderDefault(row), cell(row.node.description ?? '')].join(
      ' | ',
    ),
  );
  return [
    heading,
    '| key | value | default | meaning |',
    '| --- | --- | --- | --- |',
    ...lines.map(tableRow),
    '',
  ].join('\n');
}

function renderPresence({ node, isRequired }: Row): string {
  if (isRequired) return ' **Required.**';
  const value = node.default;
  const isTelling = value !== undefined && (typeof value !== 'object' || Object.keys(value ?? {}).length > 0);
  return isTelling ? ` Default: \`${inline(value)}\`.` : '';
}

function tableRow(line: string): string {
  return `| ${line} |`;
}

function cell(text: string): string {
  return text.replaceAll('|', '\\|');
}

function asNode(node: z.core.JSONSchema._JSONSchema | undefined): SchemaNode | undefined {
  return typeof node === 'object' ? node : undefined;
}

function itemOf({ items }: SchemaNode): SchemaNode | undefined {
  return Array.isArray(items) ? undefined : asNode(items);
}

function childrenOf(node: SchemaNode): readonly Row[] {
  const required = new Set(node.required);
  return Object.entries(node.properties ?? {}).flatMap(([key, child]) => {
    const found = asNode(child);
    return found === undefined ? [] : [{ key, node: found, isRequired: required.has(key) }];
  });
}

/** Every key below a node, nested ones with their path. References to secrets are one value. */
function rowsOf(node: SchemaNode, prefix: string): readonly Row[] {
  const item = itemOf(node);
  if (item !== undefined) return rowsOf(item, prefix === '' ? '[].' : prefix.replace(/\.$/, '[].'));
  if (isSecretReference(node)) return [];
  return childrenOf(node).flatMap((row) => {
    const key = `${prefix}${row.key}`;
    return [{ ...row, key }, ...rowsOf(row.node, `${key}.`)];
  });
}

function isSecretReference({ properties }: SchemaNode): boolean {
  return properties !== undefined && Object.keys(properties).join() === 'env,file';
}

function renderType(node: SchemaNode): string {
  const item = itemOf(node);
  if (item !== undefined) return `list of ${renderType(item)}`;
  if (node.enum !== undefined) return node.enum.map((value) => `\`${String(value)}\``).join(', ');
  if (isSecretReference(node)) return '`{ env }` or `{ file }`';
  if (node.pattern?.endsWith('[smhd])$')) return 'duration';
  return typeName(node.type);
}

function typeName(type: SchemaNode['type']): string {
  if (type === 'string') return 'text';
  if (type === 'object') return 'map';
  if (type === 'integer') return 'whole number';
  return type === 'boolean' ? 'true or false' : String(type);
}

function renderDefault({ node, isRequired }: Row): string {
  if (isRequired) return '**required**';
  return node.default === undefined || typeof node.default === 'object'
    ? listDefault(node)
    : `\`${inline(node.default)}\``;
}

// An empty list or map goes without saying.
function listDefault({ default: value }: SchemaNode): string {
  return Array.isArray(value) && value.length > 0 ? value.map((one) => `\`${inline(one)}\``).join(', ') : '';
}

function inline(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}

if (import.meta.main) {
  for (const { path, text } of generatedFiles()) writeFileSync(new URL(`../${path}`, import.meta.url), text);
}
