"""The GraphQL types: descriptions only. The values behind them are the loaders' records."""
