// Queries to begin with. An example is a list of what is asked at the same time; `variables` may be
// a function that finds some, as every catalogue has others.

const songs = `query Songs($text: String!) {
  search(text: $text, provider: SPOTIFY, first: 50) {
    tracks {
      totalCount
      nodes {
        name
        durationMs
        artists { name genres }
        album { name label releaseDate }
      }
      pageInfo { hasNextPage endCursor }
    }
  }
}`;

const hundred = `query Hundred($refs: [String!]!) {
  lookup(refs: $refs) {
    __typename
    id
    ... on Track { name isrc artists { genres } album { label } }
    ... on Artist { name genres }
    ... on Album { name label }
  }
}`;

const albums = `query Albums($text: String!) {
  search(text: $text, provider: SPOTIFY, first: 5) {
    albums {
      nodes {
        id
        name
        upc
        cover(size: 300) { url width }
        tracks(first: 5) { totalCount nodes { trackNumber name isrc } }
      }
    }
  }
}`;

const paged = `query Pages($text: String!, $after: String) {
  search(text: $text, provider: SPOTIFY, first: 1) {
    artists {
      nodes {
        id
        name
        genres
        albums(first: 10, after: $after) {
          totalCount
          edges { cursor node { name albumType releaseDate } }
          pageInfo { hasNextPage endCursor }
        }
      }
    }
  }
}`;

const slow = `query Slow($text: String!) {
  search(text: $text, provider: MUSICBRAINZ, first: 4) {
    artists { nodes { name country genres } }
  }
}`;

const unknown = `query Unknown($ids: [ID!]!) {
  tracks(ids: $ids) { id name }
}`;

const standing = `{
  providers { name on reason holdMs budget calls batches }
}`;

export const examples = [
  {title: "A search, with what its answer does not tell", asks: [{query: songs, variables: {text: "a"}}]},
  {title: "A hundred ids of any kind", asks: [{query: hundred, variables: findRefs}]},
  {
    title: "Three who ask for the same at the same time",
    asks: ["Ada", "Ben", "Cleo"].map((name) => ({
      query: songs.replace("Songs", name),
      variables: {text: "a"},
    })),
  },
  {title: "Albums with their tracks", asks: [{query: albums, variables: {text: "a"}}]},
  {title: "An artist's albums, page by page", asks: [{query: paged, variables: {text: "a", after: null}}]},
  {title: "A provider of one call a second", asks: [{query: slow, variables: {text: "a"}}]},
  {title: "Keys that fail, beside others that do not", asks: [{query: unknown, variables: findUnknown}]},
  {title: "How the providers stand", asks: [{query: standing, variables: {}}]},
];

// Where the page is, however the app is mounted.
export const endpoint = location.pathname.replace(/\/(graphql|live)?\/?$/, "/graphql");

export async function ask(query, variables) {
  const response = await fetch(endpoint, {
    method: "POST",
    headers: {"content-type": "application/json", "x-unisono-trace": "1"},
    body: JSON.stringify({query, variables}),
  });
  return response.json();
}

export async function variablesOf({variables}) {
  return typeof variables === "function" ? variables() : variables;
}

// A hundred ids of this catalogue, whichever it is: what a search finds.
async function findRefs() {
  const found = await ask(
    `query Find {
    search(text: "a", provider: SPOTIFY, first: 50) {
      tracks { nodes { id } }
      artists { nodes { id } }
      albums { nodes { id } }
    }
  }`,
    {},
  );
  const {tracks, artists, albums: records} = found.data?.search ?? {};
  const nodes = [tracks, artists, records].flatMap((page) => page?.nodes ?? []);
  return {refs: nodes.slice(0, 100).map((node) => node.id)};
}

// Tracks that nobody knows: MusicBrainz looks ten of them up, in case they were merged, and no more.
async function findUnknown() {
  const {refs} = await findRefs();
  const nobody = Array.from(
    {length: 14},
    (_, n) => `musicbrainz:track:00000000-0000-4000-8000-${String(n).padStart(12, "0")}`,
  );
  return {ids: [...refs.filter((ref) => ref.includes(":track:")).slice(0, 30), ...nobody]};
}
