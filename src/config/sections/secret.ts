// Secrets by reference: never in the file itself, which is pasted into tickets and kept in repositories.
import { z } from 'zod';
import { exactlyOne, plainText } from './fields.ts';

export const secretReference = z
  .strictObject({
    file: plainText.describe('A path, relative to the folder of this file.').optional(),
    env: plainText.describe('The name of an environment variable.').optional(),
  })
  .refine(...exactlyOne('file', 'env'))
  .meta({
    description: 'By reference, { file: … } or { env: … }; never the secret itself.',
    oneOf: [{ required: ['file'] }, { required: ['env'] }],
  });

export type SecretReference = z.output<typeof secretReference>;
