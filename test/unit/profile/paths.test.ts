import { expect, test } from 'vitest';
import { libraryName, programOf } from '../../../profile/paths';

test.each([
  [['/usr/bin/python3.12', '-X', 'dev', 'a/server.py', '--port'], 'server.py'],
  [['python', '-m', 'pytest', '-q'], 'pytest'],
  [['python3', '-c', 'print(1)'], 'python -c'],
  [
    ['python3', '-c', 'from multiprocessing.spawn import spawn_main; spawn_main()'],
    'multiprocessing spawn',
  ],
  [['/opt/game', 'level.dat'], 'game'],
  [['python3'], ''],
  [[], ''],
])('the program of %j is “%s”', (command, name) => {
  expect(programOf(command)).toBe(name);
});

test('the name of a library leaves out version and suffix', () => {
  expect(libraryName('libscipy_openblas64_-fdde5778.so')).toBe('libscipy_openblas64_');
  expect(libraryName('_json.cpython-312-x86_64-linux-gnu.so')).toBe('_json');
  expect(libraryName('')).toBe('generated code');
});
