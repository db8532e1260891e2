// The package as it would be published, installed in an empty project.

import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { SAMPLES } from '../support.js';
import { PICTURE } from './app/ask.js';

const WEB = fileURLToPath(new URL('../..', import.meta.url));
const APP = fileURLToPath(new URL('app', import.meta.url));

const npm = (cwd, ...args) => execFileSync('npm', [...args, '--offline', '--no-audit', '--no-fund', '--loglevel=error'], { cwd, encoding: 'utf8' });

/**
 * Pack, install, and lay the page beside it; its picture is in public/.
 * @returns {{ project: string, packed: string[], remove(): void }} the project's folder, which has an empty one around it; the files in the tarball
 */
export function installed() {
  const root = mkdtempSync(join(tmpdir(), 'vqa-package-'));
  const project = join(root, 'project');
  mkdirSync(project);
  const [{ filename, files }] = JSON.parse(npm(WEB, 'pack', '--json', '--pack-destination', project));
  writeFileSync(join(project, 'package.json'), '{ "private": true, "type": "module" }');
  npm(project, 'install', join(project, filename));
  cpSync(APP, project, { recursive: true });
  cpSync(join(dirname(SAMPLES), PICTURE), join(project, 'public', PICTURE));
  return { project, packed: files.map(({ path }) => path), remove: () => rmSync(root, { recursive: true }) };
}
