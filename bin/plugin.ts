// Which commands does the package bring into another oclif CLI? The same ones, under the topic `ha`.
import { commands } from './commands.ts';

export const COMMANDS = Object.fromEntries(Object.entries(commands).map(([name, command]) => [`ha:${name}`, command]));
