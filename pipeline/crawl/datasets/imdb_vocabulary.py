"""Map IMDb's English names of countries, languages and genres to TMDB's.

Source:
    ISO 3166-1 alpha-2 and ISO 639-1; SU for the Soviet Union as TMDB has it. Languages without a
    code of two letters (Aboriginal, Aramaic, Dari, Filipino, Maya) are left out, but for TMDB's
    own `cn` for Cantonese.
"""

GENRES = {"Sci-Fi": "Science Fiction"}
"""Genres with different names."""

COUNTRY_CODES = {
    "Afghanistan": "AF", "Argentina": "AR", "Aruba": "AW", "Australia": "AU", "Bahamas": "BS",
    "Belgium": "BE", "Brazil": "BR", "Bulgaria": "BG", "Cambodia": "KH", "Cameroon": "CM",
    "Canada": "CA", "Chile": "CL", "China": "CN", "Colombia": "CO", "Czech Republic": "CZ",
    "Denmark": "DK", "Dominican Republic": "DO", "Egypt": "EG", "Finland": "FI", "France": "FR",
    "Georgia": "GE", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Hungary": "HU",
    "Iceland": "IS", "India": "IN", "Indonesia": "ID", "Iran": "IR", "Ireland": "IE",
    "Israel": "IL", "Italy": "IT", "Japan": "JP", "Kenya": "KE", "Kyrgyzstan": "KG",
    "Libya": "LY", "Mexico": "MX", "Netherlands": "NL", "New Zealand": "NZ", "Nigeria": "NG",
    "Norway": "NO", "Pakistan": "PK", "Panama": "PA", "Peru": "PE", "Philippines": "PH",
    "Poland": "PL", "Romania": "RO", "Russia": "RU", "Slovakia": "SK", "Slovenia": "SI",
    "South Africa": "ZA", "South Korea": "KR", "Soviet Union": "SU", "Spain": "ES",
    "Sweden": "SE", "Switzerland": "CH", "Taiwan": "TW", "Thailand": "TH", "Turkey": "TR",
    "UK": "GB", "USA": "US", "United Arab Emirates": "AE", "West Germany": "DE",
}  # fmt: skip

LANGUAGE_CODES = {
    "Arabic": "ar", "Bosnian": "bs", "Cantonese": "cn", "Chinese": "zh", "Czech": "cs",
    "Danish": "da", "Dutch": "nl", "Dzongkha": "dz", "English": "en", "French": "fr",
    "German": "de", "Greek": "el", "Hebrew": "he", "Hindi": "hi", "Hungarian": "hu",
    "Icelandic": "is", "Indonesian": "id", "Italian": "it", "Japanese": "ja", "Kannada": "kn",
    "Kazakh": "kk", "Korean": "ko", "Mandarin": "zh", "Mongolian": "mn", "Norwegian": "no",
    "Panjabi": "pa", "Persian": "fa", "Polish": "pl", "Portuguese": "pt", "Romanian": "ro",
    "Russian": "ru", "Slovenian": "sl", "Spanish": "es", "Swahili": "sw", "Swedish": "sv",
    "Tamil": "ta", "Telugu": "te", "Thai": "th", "Urdu": "ur", "Vietnamese": "vi", "Zulu": "zu",
}  # fmt: skip
