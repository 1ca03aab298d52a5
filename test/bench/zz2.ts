import { hostileDocuments } from '#test/support/xml/hostile.ts';
import { aSignedRequest } from '#test/support/xml/signed.ts';
import { anRsaKey } from '#test/support/xml/keys.ts';
import { parseXml } from '#bridge/xml/parser.ts';
for (const [n,b] of hostileDocuments(await aSignedRequest(anRsaKey()))) { let best=1e9,r=''; for(let i=0;i<12;i++){const s=performance.now(); try{parseXml(b);r='ok'}catch(e){r=(e as any).reason+' '+(e as any).message} best=Math.min(best,performance.now()-s);} console.log(best.toFixed(2),n,b.length,r);}
