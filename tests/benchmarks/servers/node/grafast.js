// Grafast under Grafserv: a plan for each document, lists at once by its nature.
import { createServer } from 'node:http';
import { access, context, each, get as pick, lambda, loadOne, makeGrafastSchema } from 'grafast';
import { grafserv } from 'grafserv/node';
import { PORT, get, short, typeDefs } from './spotify.js';

const loadTracks = (ids) => get('tracks', 50, distinct(ids)).then(inOrderOf(ids));
const loadArtists = (ids) => get('artists', 50, distinct(ids)).then(inOrderOf(ids));
const loadAlbums = (ids) => get('albums', 20, distinct(ids)).then(inOrderOf(ids));

const distinct = (ids) => [...new Set(ids)];

function inOrderOf(ids) {
  return (found) => {
    const byId = new Map(found.map((one) => [one.id, one]));
    return ids.map((id) => byId.get(id));
  };
}

const named = (kind) => ($one) => lambda(pick($one, 'id'), (id) => `spotify:${kind}:${id}`, true);

const schema = makeGrafastSchema({
  typeDefs,
  enableDeferStream: false,
  objects: {
    Query: {
      plans: {
        tracks(_, { $ids }) {
          const $short = lambda($ids, (ids) => ids.map(short), true);
          return each($short, ($id) => loadOne($id, loadTracks));
        },
      },
    },
    Track: {
      plans: {
        id: named('track'),
        durationMs: ($track) => pick($track, 'duration_ms'),
      },
    },
    Artist: {
      plans: {
        id: named('artist'),
        genres: ($artist) => pick(loadOne(pick($artist, 'id'), loadArtists), 'genres'),
      },
    },
    Album: {
      plans: {
        id: named('album'),
        label: ($album) => pick(loadOne(pick($album, 'id'), loadAlbums), 'label'),
      },
    },
  },
});

const serv = grafserv({ schema, preset: { grafserv: { graphiql: false, websockets: false } } });
const server = createServer();
await serv.addTo(server);
server.listen(PORT, '127.0.0.1');
