// Mercurius, its documents compiled at their first use, over DataLoader.
import DataLoader from 'dataloader';
import Fastify from 'fastify';
import mercurius from 'mercurius';
import { PORT, get, short, typeDefs } from './spotify.js';

const resolvers = {
  Query: {
    tracks: (_, { ids }, { loaders }) => loaders.tracks.loadMany(ids.map(short)),
  },
  Track: {
    id: (track) => `spotify:track:${track.id}`,
    durationMs: (track) => track.duration_ms,
  },
  Artist: {
    id: (artist) => `spotify:artist:${artist.id}`,
    genres: async (artist, _, { loaders }) => (await loaders.artists.load(artist.id)).genres,
  },
  Album: {
    id: (album) => `spotify:album:${album.id}`,
    label: async (album, _, { loaders }) => (await loaders.albums.load(album.id)).label,
  },
};

const loader = (kind, size) => new DataLoader((ids) => get(kind, size, ids));

const app = Fastify();
await app.register(mercurius, {
  schema: typeDefs,
  resolvers,
  jit: 1,
  context: () => ({
    loaders: {
      tracks: loader('tracks', 50),
      artists: loader('artists', 50),
      albums: loader('albums', 20),
    },
  }),
});
await app.listen({ port: PORT, host: '127.0.0.1' });
