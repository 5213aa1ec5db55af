"""MusicBrainz's vocabulary: countries, types, formats, and the words that people vote for."""

# As MusicBrainz names the areas of ISO 3166-1; XW is its own, for what is sold everywhere.
COUNTRIES = {
    "AO": "Angola", "AR": "Argentina", "AT": "Austria", "AU": "Australia", "BE": "Belgium",
    "BJ": "Benin", "BR": "Brazil", "CA": "Canada", "CH": "Switzerland", "CL": "Chile",
    "CN": "China", "CO": "Colombia", "CY": "Cyprus", "CZ": "Czechia", "DE": "Germany",
    "DK": "Denmark", "EG": "Egypt", "ES": "Spain", "FI": "Finland", "FR": "France",
    "GB": "United Kingdom", "GH": "Ghana", "GR": "Greece", "HK": "Hong Kong", "HR": "Croatia",
    "IE": "Ireland", "IL": "Israel", "IN": "India", "IS": "Iceland", "IT": "Italy",
    "JO": "Jordan", "JP": "Japan", "KR": "South Korea", "LB": "Lebanon", "MA": "Morocco",
    "MX": "Mexico", "NG": "Nigeria", "NO": "Norway", "NZ": "New Zealand", "PL": "Poland",
    "PT": "Portugal", "SE": "Sweden", "SG": "Singapore", "SK": "Slovakia", "TN": "Tunisia",
    "TR": "Turkey", "TW": "Taiwan", "UA": "Ukraine", "US": "United States", "VN": "Vietnam",
    "XW": "[Worldwide]",
}  # fmt: skip

TOWNS = ("Harbourstead", "Nieder-Klang", "Puerto Compás", "Sainte-Octave", "Lydvik", "Tonabad")

# The ids of types are the same for everybody, so these are MusicBrainz's own.
ARTIST_TYPES = {
    "Person": "b6e035f4-3ce9-331c-97df-83397230b0df",
    "Group": "e431f5f6-b5d2-343d-8b36-72607fffb74b",
}
GENDERS = {
    "Female": "93452b5a-a947-30c8-934f-6a4056b151c2",
    "Male": "36d3d30a-839d-3eda-8cb3-29be4384e4a9",
}
ALIAS_TYPES = {
    "Artist name": "894afba6-2816-3c24-8072-eadb66bd04bc",
    "Search hint": "1937e404-b981-3cb7-8151-4c86ebfc8d8e",
}
AREA_TYPES = {
    "Country": "06dd0ae4-8c74-30bb-b43d-95dcedf961de",
    "City": "6fd8f29a-3d0a-32fc-980d-ea697b69da78",
}
STATUSES = {
    "Official": "4e304316-386d-3409-af2e-78857eec5cfe",
    "Promotion": "518ffc83-5cde-34df-8627-81bff5093d92",
    "Bootleg": "1156806e-d06a-38bd-83f0-cf2284a808b9",
}
PRIMARY_TYPES = {
    "Album": "f529b476-6e62-324f-b0aa-1f3e33d313fc",
    "Single": "d6038452-8ee0-3f68-affc-2de9a1ede0b9",
    "EP": "6d0c5bf6-7a33-3420-a519-44fc63eedebf",
}
SECONDARY_TYPES = {
    "Compilation": "dd2a21e1-0c00-3729-a7a0-de60b84eb5d1",
    "Live": "6fd474e2-6b58-3102-9d17-d6f7eb7da0a0",
}
FORMATS = {
    "CD": "9712d52a-4509-3d4b-a1a2-67c88c643e31",
    "Cassette": "f5e6e254-8f39-331c-936b-9c69d686dc47",
    "Digital Media": "907a28d9-b3b2-3ef6-89a8-7b18d91d4794",
}
PACKAGINGS = {
    "CD": ("Jewel Case", "ec27701a-4a22-37f4-bfac-6616e0f9750a"),
    "Cassette": ("Cassette Case", "c70b737a-0114-39a9-88f7-82843e54f906"),
    "Digital Media": ("None", "119eba76-b343-3e02-a292-f0f00644bb9b"),
}
LABEL_TYPE = ("Original Production", "7aaa37fe-2def-3476-b359-80245850062d")

# "free streaming" is a relation of its own between a URL and each kind of entity.
STREAMING = {
    "artist": "769085a1-c2f7-4c24-a532-2375a77693bd",
    "recording": "7e41ef12-a124-4324-afdb-fdbae687a89c",
    "release": "08445ccf-7b99-4438-9f9a-fb9ac18099ee",
}
WIKIDATA = ("wikidata", "689870a4-a1e4-4912-b17f-7b2664215698")
COLLABORATION = ("collaboration", "75c09861-6857-4ec0-9729-84eefde7fc86")

# A closed list kept by editors: broader words than the shops use, and fewer.
GENRES = (
    *("ambient", "art pop", "chamber folk", "choral", "country", "downtempo", "electronic"),
    *("experimental", "folk", "hip hop", "house", "indie pop", "indie rock", "jazz", "pop"),
    *("post-rock", "r&b", "rock", "singer-songwriter", "slowcore", "soul", "world fusion"),
)
# What anybody may write.
TAGS = (
    *("00s", "autumn", "favourites", "headphones", "late night", "live act to see", "owned"),
    *("rainy day", "seen live", "to check", "underrated", "vinyl"),
)

# The first letter of a script that is found in a title tells the language.
SCRIPTS = (
    ("Jpan", "jpn", ((0x3040, 0x30FF),)),
    ("Kore", "kor", ((0xAC00, 0xD7AF),)),
    ("Hant", "zho", ((0x4E00, 0x9FFF),)),
    ("Arab", "ara", ((0x0600, 0x06FF),)),
    ("Hebr", "heb", ((0x0590, 0x05FF),)),
    ("Deva", "hin", ((0x0900, 0x097F),)),
    ("Grek", "ell", ((0x0370, 0x03FF), (0x1F00, 0x1FFF))),
    ("Cyrl", "ukr", ((0x0400, 0x04FF),)),
)
