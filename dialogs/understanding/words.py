"""What people say without naming anything, and what they call attributes of films."""

from types import MappingProxyType

UNDO = ("undo", "go back", "back up", "take that back", "take it back", "scratch that", "never mind that", "oops",
        "i take that back", "that was wrong", "wrong answer", "i misclicked", "i meant something else")  # fmt: skip
RESTART = ("restart", "start over", "start again", "begin again", "start anew", "new search", "reset", "from the top",
           "something completely different", "let us start over", "lets start over")  # fmt: skip
LEAVE = ("bye", "goodbye", "good bye", "quit", "exit", "i have to go", "see you", "i am done", "im done", "thats all",
         "stop", "i give up", "forget it", "leave", "good night")  # fmt: skip
GREET = ("hi", "hello", "hey", "hi there", "hello there", "good morning", "good evening", "thanks", "thank you", "thx",
         "cheers", "great thanks", "nice", "cool", "ok thanks")  # fmt: skip
WHY = ("why", "how come", "what makes you", "for what reason", "explain", "how so", "what for")
DEFER = ("let me think", "give me a moment", "give me a second", "give me a minute", "one moment", "one second", "hmm",
         "hm", "hold on", "wait", "let me see", "thinking", "just a moment", "just a sec", "hang on", "um", "uh", "uhm",
         "let me look", "let me have a look", "not sure yet")  # fmt: skip
DONT_KNOW = ("dont know", "do not know", "not sure", "no idea", "no clue", "cant say", "cannot say", "unsure", "idk",
             "dunno", "hard to say", "cant remember", "dont remember", "i forgot", "who knows")  # fmt: skip
DONT_CARE = ("dont care", "do not care", "doesnt matter", "does not matter", "dont mind", "do not mind", "whatever",
             "no preference", "any is fine", "anything", "either way", "either", "any", "skip", "pass", "all fine",
             "no matter", "not important", "anything goes", "im easy", "surprise me", "up to you",
             "any of them", "any of these", "any of those", "next question",
         "makes no difference", "all the same to me", "not fussed", "open to anything")  # fmt: skip
YES = ("yes", "yeah", "yep", "yup", "sure", "ok", "okay", "right", "correct", "exactly", "definitely", "absolutely",
       "of course", "please", "indeed", "true", "y", "certainly", "it is", "it does", "it should", "sounds good",
       "that is right", "thats right", "perfect", "i guess so", "i think so", "i suppose so", "why not",
       "good idea")  # fmt: skip
NO = ("no", "nope", "nah", "not really", "n", "none", "none of these", "none of those", "none of them", "neither",
      "no thanks", "no way", "never", "not at all", "nothing", "something else", "wrong", "false", "rather not",
      "not one of these", "not any of those", "another", "others", "more", "show me more", "show me others",
      "what else", "next", "not these", "not those", "i dont think so", "it is not", "it isnt", "negative")  # fmt: skip
SORT_OF = ("sort of", "kind of", "kinda", "sorta", "somewhat", "a bit", "a little", "more or less", "partly", "in part",
           "half", "maybe", "perhaps", "possibly", "to some extent", "ish", "it depends", "depends")  # fmt: skip

SEEN = ("seen", "saw", "watched", "know", "had", "own", "read", "heard")
PUZZLED = ("what", "huh", "pardon", "sorry", "excuse me", "come again", "help", "i dont understand", "what do you mean",
           "what does that mean")  # fmt: skip
LIKED = ("liked", "like", "love", "loved", "enjoyed", "enjoy", "favourite", "favorite", "similar", "adore", "adored")
DISLIKED = ("hated", "hate", "disliked", "dislike", "couldnt stand", "bored", "boring", "awful", "terrible", "loathed")
VERDICTS = frozenset({*SEEN, *LIKED, *DISLIKED})
"""Words that tell what somebody thought of something."""

NEGATIONS = frozenset(
    "no not dont doesnt isnt arent without never nothing neither nor except avoid hate dislike minus exclude less "
    "havent hasnt didnt wont cant couldnt nobody none non too hardly".split()
)
"""Words that turn what follows in the same clause around."""

SUGGESTING = frozenset("recommend suggest suggestion recommendation".split())
THANKS = frozenset("thanks thank thx cheers".split())

POSITIVE = frozenset("like love good nice great fine lovely wonderful perfect yes absolutely definitely fits".split())
"""Words with which a clause that names nothing says yes."""

FILLERS = frozenset(
    "a an the of i im id ill me my we us it its is are was be been am to in on at for from by with and or so some "
    "something anything film films movie movies one ones flick flicks show shows picture pictures want wanted would "
    "like looking look find for please thing things really very quite just maybe that this these those there their "
    "they them what which who whose would could should can you your give get got see watch watching prefer rather "
    "im in mood kind sort type about also too any good nice great best favourite more most other else think feel "
    "feeling tonight today now well ok okay yes no not dont if but than then as have has had made set do does did "
    "absolutely definitely certainly honestly lovely lets let us go new must need needs hello hi hey thanks thank "
    "perhaps guess probably say said how recommend suggest suggestion recommendation hell much bye goodbye either "
    "number option fine wonderful perfect".split()
)  # fmt: skip
"""Words that name nothing."""

CUED = frozenset(
    "genre directed director directs direct starring stars star actor actress actors plays played featuring acting "
    "cast written writer wrote screenplay script writes country produced language spoken speaking subtitled dubbed "
    "speak decade rated rating running long tagged year years".split()
)
"""Words that say of what kind a name beside them is, and mean nothing by themselves."""

COMPARATIVES = MappingProxyType({
    "older": ("decade", -1), "earlier": ("decade", -1), "newer": ("decade", 1), "later": ("decade", 1),
    "recent": ("decade", 1), "shorter": ("running time", -1), "briefer": ("running time", -1),
    "longer": ("running time", 1), "better": ("critics", 1), "acclaimed": ("critics", 1), "worse": ("critics", -1),
    "tamer": ("age rating", -1), "milder": ("age rating", -1), "harsher": ("age rating", 1),
    "cheaper": ("price", -1), "dearer": ("price", 1), "pricier": ("price", 1), "smaller": ("size", -1),
    "bigger": ("size", 1), "larger": ("size", 1), "lighter": ("weight", -1), "heavier": ("weight", 1),
})  # fmt: skip
"""Facet and direction of a comparative."""

TOO = MappingProxyType({
    "old": ("decade", 1), "dated": ("decade", 1), "new": ("decade", -1), "recent": ("decade", -1),
    "modern": ("decade", -1), "long": ("running time", -1), "lengthy": ("running time", -1),
    "short": ("running time", 1), "expensive": ("price", -1), "dear": ("price", -1), "big": ("size", -1),
    "small": ("size", 1), "heavy": ("weight", -1), "light": ("weight", 1),
})  # fmt: skip
"""Facet of what is found to be too much of something, and the direction that is asked for by it."""

CUES = MappingProxyType({
    "director": frozenset("directed director directs direct by from".split()),
    "actor": frozenset("with starring stars star actor actress plays played featuring acting cast in has".split()),
    "writer": frozenset("written writer wrote screenplay script writes".split()),
    "country": frozenset("from made country produced cinema film films movie movies".split()),
    "language": frozenset("language spoken speaking subtitled dubbed in speak".split()),
})  # fmt: skip
"""Words beside a name that say of which facet it is."""

WEAK_CUES = frozenset("by from with in has film films movie movies".split())
"""Those of them that count where no other does: "written by" is no director."""

ORDINALS = MappingProxyType({
    word: place
    for place, words in enumerate(
        ("first 1st", "second 2nd two", "third 3rd three", "fourth 4th four", "fifth 5th five", "sixth 6th six",
         "seventh 7th seven", "eighth 8th eight", "ninth 9th nine", "tenth 10th ten"), start=1,
    )
    for word in words.split()
})  # fmt: skip

EVERY = frozenset("all both everything each every".split())
"""Words that point at the whole list."""

THESE = frozenset("them these those".split())
"""Words that do so where a verdict is passed."""

ASKING = frozenset("what whats who whos when where how is was does did tell describe about".split())
"""Words with which somebody begins to ask about an item without taking it."""

ALIASES = MappingProxyType({
    "genre": {
        "Sci-Fi": ("science fiction", "scifi", "sf", "sci fi"), "Romance": ("romantic", "love story", "love stories"),
        "Animation": ("animated", "cartoon", "cartoons"), "Musical": ("musicals",), "Biography": ("biopic", "biopics"),
        "Horror": ("horrors",), "Documentary": ("documentaries", "docu"), "Comedy": ("comedies", "comedic"),
        "Mystery": ("mysteries", "whodunit"), "History": ("historical", "period piece"), "Family": ("families",),
        "War": ("wartime",), "Sport": ("sports",), "Western": ("westerns", "cowboys"), "Fantasy": ("fantasies",),
        "Action": ("action packed",), "Adventure": ("adventures", "adventurous"), "Crime": ("gangster", "mafia"),
        "Thriller": ("thrillers",), "Drama": ("dramas", "dramatic"),
    },
    "critics": {
        "acclaimed": ("critically acclaimed", "masterpiece", "rave reviews", "highly rated", "top rated"),
        "liked": ("well reviewed", "good reviews", "liked by the critics"), "mixed": ("mixed reviews", "so so"),
        "panned": ("bad reviews", "badly reviewed", "trashy", "terrible reviews"),
    },
    "Oscars": {
        "won an Oscar": ("oscar winner", "oscar winning", "oscar winners", "academy award winner", "with an oscar",
                         "academy award winning", "that won an oscar", "won oscars"),
        "nominated for an Oscar": ("oscar nominated", "oscar nominee", "oscar nomination", "academy award nominee"),
        "no Oscar nomination": ("no oscars", "without oscars"),
    },
    "age rating": {
        "G": ("for kids", "for children", "for the whole family", "kids"), "PG-13": ("for teens", "for teenagers"),
        "R": ("for adults", "adults only"),
    },
    "running time": {
        "under 90 minutes": ("short", "a short one", "under an hour and a half"),
        "150 minutes or more": ("very long", "epic length", "over two and a half hours"),
        "120 to 149 minutes": ("over two hours", "long"), "90 to 104 minutes": ("an hour and a half", "normal length"),
    },
    "country": {
        "United States": ("american", "usa", "hollywood", "us", "the states"),
        "United Kingdom": ("british", "uk", "english film"),
        "France": ("french",), "Germany": ("german",), "Italy": ("italian",), "Japan": ("japanese",),
        "Spain": ("spanish",), "India": ("indian", "bollywood"), "China": ("chinese",), "Sweden": ("swedish",),
        "Denmark": ("danish",), "Russia": ("russian",), "Canada": ("canadian",), "Australia": ("australian",),
        "Ireland": ("irish",), "South Korea": ("korean",), "Mexico": ("mexican",), "Poland": ("polish",),
        "Hong Kong": ("cantonese film",), "Belgium": ("belgian",), "Argentina": ("argentinian", "argentine"),
        "Brazil": ("brazilian",), "Norway": ("norwegian",), "Netherlands": ("dutch",), "Austria": ("austrian",),
    },
})  # fmt: skip
"""Other names of attributes, by facet."""
