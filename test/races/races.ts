// The races: what is good once is presented by many at the same moment to two servers. What is added to the product joins by a
// line in one of the tables.
import { after, before, describe, it } from 'node:test';
import { eventually } from '#test/support/eventually.ts';
import { type ServerProcess, stopServerProcess } from '#test/support/server/server-process.ts';
import { startServers } from '#test/support/server/world.ts';
import { OAUTH_RACES } from './oauth-races.ts';
import { CONTENDERS, type Outcome, type Presentation, type Race } from './race.ts';
import { createRaceWorld, type RaceWorld, ROUNDS } from './race-world.ts';
import { SOAP_RACES } from './soap-races.ts';

const RACES: readonly Race[] = [...OAUTH_RACES, ...SOAP_RACES];

async function contend(
  servers: readonly ServerProcess[],
  presentations: readonly Presentation[],
): Promise<readonly Outcome[]> {
  return Promise.all(
    presentations.map(async ({ body, headers, path }, index) => {
      const server = index % servers.length;
      const url = `${servers[server]?.url}${path}`;
      const response = await fetch(url, { method: 'POST', headers, body });
      return { status: response.status, text: await response.text(), server };
    }),
  );
}

async function run({ judge, present }: Race, world: RaceWorld, servers: readonly ServerProcess[]) {
  const made = await present(world, servers);
  const all = 'path' in made ? Array.from({ length: CONTENDERS }, () => made) : made;
  judge(await contend(servers, all), servers.length);
}

/** Runs all races between two servers. `sections` gives the store section of each server's configuration, once the store is
 * there. */
export function storeRaces(name: string, sections: () => readonly [object, object]): void {
  describe(`Races of two servers on ${name}`, () => {
    let world: RaceWorld;
    let servers: readonly ServerProcess[] = [];
    before(async () => {
      world = await createRaceWorld();
      servers = await startServers(world, sections());
      for (const { managementUrl } of servers)
        await eventually(
          'the store is open',
          async () => (await fetch(`${managementUrl}/readyz`)).ok,
        );
    });
    after(async () => {
      await Promise.all(servers.map(stopServerProcess));
      await world.dispose();
    });

    for (const race of RACES)
      it(race.name, async () => {
        for (let round = 0; round < ROUNDS; round += 1) await run(race, world, servers);
      });
  });
}
