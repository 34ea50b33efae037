"""The studio's small vocabularies: invented names, things that happen, genres and companies."""

GENRES = {
    28: "Action", 12: "Adventure", 16: "Animation", 35: "Comedy", 80: "Crime", 99: "Documentary",
    18: "Drama", 10751: "Family", 14: "Fantasy", 36: "History", 27: "Horror", 10402: "Music",
    9648: "Mystery", 10749: "Romance", 878: "Science Fiction", 10770: "TV Movie", 53: "Thriller",
    10752: "War", 37: "Western",
}  # fmt: skip
"""TMDB's genre ids and names. Source: TMDB, `/genre/movie/list`."""

HIGH_CONCEPTS = (
    "an alien armada", "a stolen starship", "a cursed crown", "a rogue robot",
    "an erupting volcano", "a sleeping dragon", "a time machine", "a secret army",
    "a giant shark", "a nuclear countdown", "a masked avenger", "a casino heist",
)  # fmt: skip
"""What sells: every one of these in an overview raises the expected revenue."""

QUIET_CONCEPTS = (
    "an old letter", "a village choir", "a failing bakery", "a borrowed piano",
    "a long winter", "a quiet marriage", "a school garden", "a broken bicycle",
    "a family dinner", "a seaside hotel", "a faded photograph", "a night train",
)  # fmt: skip
"""What does not sell; a slot of an overview holds one of these or one of `HIGH_CONCEPTS`."""

OPENINGS = (
    "{who}, a {job} from {place}, finds {a} and {b} on the same day.",
    "In {place}, the {job} {who} thinks of nothing but {a}, until {b} comes along.",
    "Nobody in {place} believes {who} when the {job} speaks of {a} and of {b}.",
    "It begins with {a}: {who}, once a {job} in {place}, must now face {b}.",
    "{who} left {place} to be a {job}, and comes home to {a} and {b}.",
)

MIDDLES = (
    "Between {a} and {b} there is little time for {other}.",
    "When {other} turns up with {a}, even {b} looks like a way out.",
    "{other} knows the truth about {a}, but keeps silent because of {b}.",
    "What {other} calls {a} is to everyone else {b}.",
    "To save {other}, somebody has to give up {a} for {b}.",
)

ENDINGS = (
    "At the end of the road wait {a} and {b}.",
    "Only one thing is stronger than {a}: {b}.",
    "Then {a} changes everything, and {b} changes it back.",
    "And all the while {a} and {b} draw nearer.",
    "Before the night is over {a} meets {b}.",
)

CLOSINGS = (
    "Nothing will be as it was.", "Some doors stay open.", "The rest is up to luck.",
    "Not everyone will see the morning.", "And still they laugh.",
)  # fmt: skip

GENRE_LINES = {
    28: ("A chase, a gunfight, an explosion.", "The fight goes over rooftops."),
    12: ("An expedition sets out for a lost treasure.", "The map leads through the jungle."),
    16: ("All of it is drawn by hand.", "The animals talk and the toys dance."),
    35: ("One joke chases the other.", "A hilarious mix-up follows."),
    80: ("The gangsters want their share.", "The police find a corpse."),
    18: ("A mother grieves for her son.", "Father and daughter forgive each other."),
    14: ("A wizard casts a spell.", "The elves guard a magic sword."),
    27: ("Something breathes in the cellar.", "The dead crave blood."),
    10749: ("They fall in love with a kiss.", "Two hearts meet at a wedding."),
    878: ("Androids orbit a distant planet.", "The spaceship wakes in another galaxy."),
    53: ("The stalker leaves a threat.", "A hostage has one hour left."),
}
"""Sentences by which an overview tells of a genre, by TMDB's id."""

TAGLINES = (
    "Some things cannot wait.", "Hold on.", "Every town has one.", "Look twice.",
    "This time it is personal to everybody.", "Small place, large trouble.", "Nobody asked.",
    "The truth has an echo.", "They should have stayed home.", "One more time.",
    "Bring a light.", "It was never about the money.", "Come closer.", "Yesterday is catching up.",
)  # fmt: skip

JOBS = (
    "clockmaker", "pilot", "teacher", "diver", "detective", "cook", "surgeon", "drummer",
    "lighthouse keeper", "translator", "boxer", "beekeeper", "mechanic", "stuntman", "judge",
    "guide",
)  # fmt: skip

PLACES = (
    "Ostrava Bay", "Kell Harbour", "Mirefield", "Santa Brea", "Oldwater", "Tarn Hollow",
    "Port Amity", "Veldmoor", "Lantern Hill", "Grey Sands", "Copper Falls", "Aldersea",
    "New Carrow", "Wintermark", "Saltbridge", "Highmere",
)  # fmt: skip

FIRST_NAMES = (
    "Ada", "Bruno", "Cleo", "Dario", "Edda", "Falk", "Greta", "Hugo", "Ines", "Jonas",
    "Kaja", "Leon", "Mira", "Nico", "Odile", "Pavel", "Quinn", "Rosa", "Silas", "Thea",
    "Ugo", "Vera", "Willem", "Xenia", "Yara", "Zeno", "Alma", "Boris", "Carla", "Dov",
    "Elif", "Florin", "Gaia", "Henrik", "Isra", "Janek", "Lio", "Maren", "Nadia", "Oskar",
)  # fmt: skip

LAST_NAMES = (
    "Ardley", "Brenmoor", "Castrell", "Dunvale", "Eskander", "Farrowin", "Gellhart", "Hallorane",
    "Istvane", "Jarrick", "Kestlin", "Lormond", "Marrowe", "Nethering", "Orvale", "Pellworth",
    "Quillane", "Rosskamp", "Sandrell", "Torvane", "Ulverstam", "Vantorre", "Wexholm", "Yarrowin",
    "Zellmark", "Ambrell", "Birkholt", "Corvane", "Drosten", "Ellerbrook", "Fenwarde", "Gorrick",
    "Hestmark", "Imbrell", "Kolvane", "Lindrow", "Mosskamp", "Norvell", "Ostwarde", "Pramholt",
)  # fmt: skip

ADJECTIVES = (
    "Silent", "Crimson", "Last", "Hollow", "Golden", "Broken", "Northern", "Secret", "Burning",
    "Distant", "Glass", "Iron", "Restless", "Paper", "Midnight", "Forgotten", "Electric", "Second",
    "Wandering", "Bitter", "Velvet", "Frozen", "Borrowed", "Wild", "Quiet", "Savage", "Lonely",
    "Perfect", "Salt", "Hidden", "Scarlet", "Endless", "Blue", "Reckless", "Winter", "Hungry",
)  # fmt: skip

NOUNS = (
    "Harbour", "Orchard", "Signal", "Kingdom", "Mirror", "Voyage", "Garden", "Empire", "Stranger",
    "River", "Promise", "Engine", "Shadow", "Carnival", "Letter", "Summit", "Horizon", "Widow",
    "Compass", "Lantern", "Frontier", "Circus", "Verdict", "Island", "Storm", "Archive", "Falcon",
    "Bridge", "Clock", "Ballad", "Tiger", "Machine", "Desert", "Parade", "Oracle", "Sparrow",
    "Cathedral", "Fever", "Passenger", "Tide", "Crown", "Meridian", "Thief", "Winter", "Comet",
)  # fmt: skip

TITLE_PATTERNS = (
    "The {adjective} {noun}", "{adjective} {noun}", "{noun} of {place}", "{noun} in {place}",
    "The {noun} and the {noun2}", "{first}'s {noun}", "A {noun} for {first}",
    "The {adjective} {noun} of {place}",
)  # fmt: skip

KEYWORDS = (
    "small town", "revenge", "friendship", "sea", "journey", "betrayal", "family secret", "robbery",
    "snow", "music", "escape", "trial", "twins", "island", "mountain", "war veteran", "train",
    "detective story", "lost child", "ghost", "mad scientist", "road trip", "wedding", "boxing",
    "desert", "mistaken identity", "inheritance", "school", "spy", "island life", "bar", "storm",
)  # fmt: skip

COMPANY_STEMS = (
    "Blue Heron", "Third Floor", "Northlight", "Paper Moonbeam", "Anvil Street", "Seven Bells",
    "Marble Arch Road", "Kite", "Foxglove", "Long Shadow", "Tin Roof", "Harbour Lane",
    "Red Umbrella", "Open Gate", "Low Tide", "Quarry", "Old Observatory", "Second Violin",
    "Green Door", "Winding Stair",
)  # fmt: skip

COMPANY_KINDS = ("Pictures", "Films", "Entertainment", "Productions", "Studios")

LANGUAGES = (
    ("en", "English", "English", "US", "United States of America"),
    ("en", "English", "English", "GB", "United Kingdom"),
    ("fr", "French", "Français", "FR", "France"),
    ("de", "German", "Deutsch", "DE", "Germany"),
    ("ja", "Japanese", "日本語", "JP", "Japan"),
    ("es", "Spanish", "Español", "ES", "Spain"),
    ("hi", "Hindi", "हिन्दी", "IN", "India"),
)
"""Code, English name, own name of a language, and a country that films in it."""
