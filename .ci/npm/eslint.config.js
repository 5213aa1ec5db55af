// The schema by all rules of graphql-eslint, Relay's among them, but those that stand below.
import graphql from '@graphql-eslint/eslint-plugin';

const { configs } = graphql;

export default [
  {
    files: ['schema.graphql'],
    languageOptions: {
      parser: graphql.parser,
      parserOptions: { graphQLConfig: { schema: 'schema.graphql' } },
    },
    plugins: { '@graphql-eslint': graphql },
    rules: {
      ...configs['flat/schema-all'].rules,
      ...configs['flat/schema-relay'].rules,
      // Whatever a client can name is described.
      '@graphql-eslint/require-description': [
        'error',
        { types: true, rootField: true, FieldDefinition: true, InputValueDefinition: true, EnumValueDefinition: true },
      ],
      // Lists that come whole need no edges; and a search has one `first` for its three connections.
      '@graphql-eslint/relay-edge-types': ['error', { listTypeCanWrapOnlyEdgeType: false }],
      '@graphql-eslint/relay-arguments': 'off',
      // Fields stand in the order in which one tells of a thing, its name before its popularity.
      '@graphql-eslint/alphabetize': 'off',
      // A track's number is called trackNumber by everybody, and an album's type albumType.
      '@graphql-eslint/no-typename-prefix': 'off',
      // What one can ask for again is a Node, and has an id by that; the rest are parts of an answer.
      '@graphql-eslint/strict-id-in-types': 'off',
    },
  },
];
