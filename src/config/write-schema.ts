// Writes config/schema.json. Run as a script with the path of the file: node src/config/write-schema.ts config/schema.json
import { writeFile } from 'node:fs/promises';
import { configJsonSchema } from './schema.ts';

/** The text of the schema file. */
export const schemaText = (): string => `${JSON.stringify(configJsonSchema(), null, 2)}\n`;

/** Writes the schema to a file. */
const writeSchema = (path: string): Promise<void> => writeFile(path, schemaText());

if (import.meta.main) await writeSchema(process.argv[2] ?? 'config/schema.json');
