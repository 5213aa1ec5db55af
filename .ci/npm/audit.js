// GraphQL over HTTP: all audits of the specification's own must be ok, mere advice (SHOULD, MAY) too.
import { serverAudits } from 'graphql-http';

const audits = serverAudits({ url: process.argv[2], fetchFn: fetch });
const bad = [];
for (const audit of audits) {
  const result = await audit.fn();
  if (result.status !== 'ok') bad.push(`${result.status} ${audit.id} ${audit.name}: ${result.reason}`);
}
console.log([...bad, `${audits.length - bad.length} of ${audits.length} audits are ok`].join('\n'));
process.exit(bad.length ? 1 : 0);
