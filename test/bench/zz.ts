import { benchXml } from './xml.ts';
console.table(await benchXml());
