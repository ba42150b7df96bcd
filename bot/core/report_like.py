"""Whether a text tells of a crime, a danger or somebody's distress, rather than asks about such things.

What does must not be kept for curators: it is a report, a tip, a confession, a victim's account or a cry for help, and
it belongs to whoever takes those. The cues find the urgent part of it; this reads for the rest: who did what to whom.
It errs towards a report: a curator can do without a question.
"""

import re

from bot.core.text import Words

_MOST = 4_000  # folded characters that are read from either end: what is kept of a question is shorter
_BEGINNING = 200  # folded characters in which a question shows
_LATIN = 0.5  # the share of words that must be in our letters; of others nobody here can tell


def _one_of(*alternatives: str) -> str:
    """Any of the words and phrases, given in lines of several."""
    return f"(?:{'|'.join(alternatives)})"


_REST = r"(?:\w+ ){0,6}?"  # of what stands between two parts of one statement
_OWN = r"(?:my|our|his|her|their|mi|mis|su|sus|nuestr[oa]s?|meu|minha|meus|minhas|nosso|nossa|o meu|a minha)"
_CLOSE = _one_of(
    "ex|husband|wife|boyfriend|girlfriend|partner|father|mother|dad|mom|mum|stepdad|stepfather|stepmom|stepmother|son",
    "daughter|kids?|child|children|brother|sister|uncle|aunt|cousin|grandma|grandpa|grandmother|grandfather"
    "|neighbou?rs?",
    "landlord|landlady|tenants?|roommates?|boss|manager|coach|teacher|co ?workers?|friend|friends|nephew|niece"
    "|employees?",
    "espos[oa]|marido|mujer|novi[oa]|pareja|padre|madre|papa|mama|padrastro|madrastra|hij[oa]s?|herman[oa]|ti[oa]"
    "|prim[oa]",
    "abuel[oa]|vecin[oa]s?|duen[oa]|inquilin[oa]s?|companer[oa]s?|jef[ea]|patron|entrenador|profesora?|amig[oa]s?"
    "|sobrin[oa]",
    "namorad[oa]|pai|mae|padrasto|filh[oa]s?|irma|irmao|avo|vizinh[oa]s?|colegas?|chefe|patrao|treinador|professora?",
)
_SOMEBODY = _one_of(
    r"someone|somebody|some \w+|(?:a|an|the|this|that|these|those|two|three|some|white|black) (?:\w+ ){0,2}(?:man"
    r"|men|guys?"
    "|dude|wom[ae]n|lady|ladies|kids?|boys?|girls?|teens?|teenagers?|person|people|stranger|couple|group|cars?"
    "|trucks?|van"
    "|vans|suv|pickup|dog|dogs|house|owner|owners|coach|teacher|cashier|driver|manager|officer|cop|tenant|employee"
    "|coworker)",
    "there is|theres|there are|he|she|they|people|guys|kids|teens|everyone|nobody|lady|dude|who|boss|landlord"
    "|manager|neighbou?r|stranger",
    r"alguien|algui?en|(?:un|una|unos|unas|el|la|los|las|dos|tres|esa|ese|esos) (?:\w+ ){0,1}(?:hombres?|senora?"
    r"|senores|tipos?"
    "|chicos?|chicas?|muchach[oa]s?|jovenes|mujer|nin[oa]s?|policia|carros?|camionetas?|perros?|duen[oa]|patron"
    "|vecin[oa]s?"
    "|gente)|hay(?! que )|gente|ellos|ella|el",
    r"alguem|(?:um|uma|uns|umas|o|a|os|as|dois|duas|aquele|aquela|esse|essa) (?:\w+ ){0,1}(?:homem|homens|mulher"
    r"|cara|caras"
    "|moleques?|meninos?|meninas?|rapaz|rapazes|jovens|policial|carros?|caminhonete|cachorros?|don[oa]|patrao"
    "|vizinh[oa]s?"
    "|pessoas?)|tem(?! que )|gente|eles|ele|ela",
)
# What people do to others, as it is told: in the past, or as going on.
_HARMS = _one_of(
    r"steals?|stole|stolen|stealing|took|taking|swiped|robs?|robbed|robbing|broke|breaks|breaking|smash\w*|slash\w*"
    r"|keyed",
    r"vandali\w+|spray(?:ed|ing)|threw|throws|throwing|hits?|hitting|beats?|beat(?:en|ing)|punch\w*|slap\w*"
    r"|kick(?:s|ed|ing)",
    r"chok\w+|strangl\w+|push(?:es|ed|ing)|shov\w+|grab\w+|touch(?:es|ed|ing)|grop\w+|molest\w+|raped?|raping|abus\w+",
    r"assault\w*|attack\w*|hurts?|hurting|threat\w*|harass\w*|stalk\w*|follow(?:s|ed|ing)|watch(?:es|ing) (?:me|us"
    r"|her|my)",
    r"scream\w*|yell\w*|sells?|selling|sold|deals|dealing|dealer|cooks?|cooking|drunk|scamm?\w*|tricked|cheat\w*"
    r"|forc(?:es|ed|ing)",
    r"lock(?:s|ed) (?:me|her|him|us|my|them)|controls?|(?:will|does|would|do) not let|walked in\w*|got into"
    r"|went into|came into",
    r"entered|peek\w*|expos\w+|flash(?:ed|ing)|showed (?:himself|herself)|dump(?:s|ed|ing)|poison\w*|kill\w*|shot"
    r"|shoots?",
    r"shooting|stab\w*|bit|bites|chas(?:ed|ing)|circl(?:es|ing)|cruis(?:es|ing)|loiter\w*|trespass\w*|open(?:ed"
    r"|ing) (?:a|an|up)",
    r"used my|impersonat\w*|blackmail\w*|extort\w*|hack\w*|ripped|damaged|hid|hides|hiding|lied|pull(?:ed|s) (?:a"
    r"|out)|fight\w*|fought",
    "drugs|pills|coke|heroin|fentanyl|meth|weed|guns?|looking in(?:to)?|tried (?:to|the|every|my|our)|(?:is|are"
    "|has been|been) missing",
    r"keeps? (?:call|text|com|follow|show|circl|offer|knock|driv|shoot|park|tak|send|ask|their|pictures|photos)\w*"
    r"|offer(?:s|ing)",
    r"taking pictures|took pictures|pays? (?:\w+ ){0,3}nothing|will burn|burn(?:ed|ing)?|set fire"
    r"|left (?:\w+ ){0,3}(?:chain|hot car)",
    r"knock(?:s|ed|ing)|shows up|sits|waits|waiting|lurk\w*|driving|racing|almost hit|passed out|overdos\w*"
    r"|sleeping|can ?not leave|drove off|ran off",
)
# Not in the infinitive: "quiere entrar", "tem que tirar".
_HARMS_IN_SPANISH_OR_PORTUGUESE = r"(?!\w+[aei]r(?:l[aeo]s?|se|me)? )" + _one_of(
    r"roba\w*|rob[oe]n|lleva(?:ron)?|quita\w*|quito|pega|pegan?|pego|pegaron|golpe\w+|ahorc\w+|amenaz\w+|acos\w+"
    r"|sigue\w*|siguio",
    r"persig\w+|estaf\w+|enga[n]\w+|hacke\w+|viol[ao]\w*|abus\w+|toc[oa]\w*|rompi\w*|romp\w+|raya\w*|rayo|choc\w+"
    r"|quebr\w+|tir(?:o|an|aron)",
    r"grita\w*|vend(?:e[nm]?|i\w+)|dispar\w+|mat[ao]\w*|apunal\w+|quem[ao]\w*|entr(?:an|o|aron|ou)|meti\w+|mira\w*"
    r"|espi\w+|sacaron",
    r"abri[oe]\w*|desarm\w+|amarrad\w+|no (?:me|le|les|nos|las|los) (?:deja|dejan|paga|pagan)|durmiendo"
    r"|espera(?:ndo)?|drogas?|pistolas?",
    r"rouba\w*|roubou|furt\w+|bate|batem|bateu|batendo|bateram|enforc\w+|ameac\w+|persegu\w+|assedi\w+|enganou"
    r"|golpe|estupr\w+|tocou",
    r"quebr\w+|risc(?:ou|aram)|fur(?:ou|aram)|pich\w+|jog(?:ou|aram)|levou|levaram|tirou|tiraram|pegou|pega meu"
    r"|atir\w+|esfaque\w+|queim\w+",
    r"abriu|abriram|desmont\w+|amarrad\w+|nao (?:me )?(?:deixa|deixam|paga|pagam|atende)|dormindo|esperando|rodando"
    r"|mostr(?:ou|ando)|armas?|vendendo",
)
_HARMS = f"(?:{_HARMS}|{_HARMS_IN_SPANISH_OR_PORTUGUESE})"
_MINE_WAS = (
    r"(?:was|were|got|gets|been|being|am|is|are) (?:\w+ ){0,2}?(?:stolen|snatched|cloned|cut off|swiped|broken into"
    r"|hit|keyed"
    r"|slashed|smashed|vandali\w+|hacked|scammed|attacked|assaulted|raped|robbed|mugged|jumped|followed|stalked"
    r"|harassed"
    r"|threatened|missing|gone|beaten|blackmailed|catfished|molested|abused|shot|stabbed|bit|bitten|towed by some\w*)"
)
_DISTRESS = _one_of(
    r"(?:kill|hurt|harm|cut|hang|shoot|starv\w+) (?:my ?self|him ?self|her ?self)|suicid\w*|(?:end|ending"
    r"|ended) (?:it|it all|my life)",
    "(?:want|wanna|like|wish|going|ready) (?:to |i (?:could|was) )?(?:die|dead|disappear|be dead)|never wake up"
    "|not wake up",
    r"better off (?:dead|without me)|(?:no|the|any) (?:reason|point) (?:\w+ ){0,3}(?:live|living|being here|be here"
    r"|going on)",
    "not want to (?:live|be here|be alive|wake)|(?:miss me|care) if i (?:was|am|were|die|died)|nothing matters"
    "|no one would miss me",
    r"nobody would miss me|(?:keep|been|started|am) cutting|cut(?:ting)? my (?:arms?|wrists?|legs?)"
    r"|can ?not (?:go on|take it any\w*|do this any\w*)",
    r"(?:scared|afraid|terrified|fear\w*) (?:of|to|for|because|that) (?:\w+ ){0,3}(?:home|him|her|them|me|my|life"
    r"|he|she)|now i am scared",
    "(?:more|too many|all the|all my) pills|hears? voices|hopeless",
    r"quiero (?:morir\w*|matarme|desaparecer)|no quiero (?:vivir|seguir|despertar|estar aqui)|ya no quiero (?:nada"
    r"|vivir|seguir|estar)",
    r"quitarme la vida|me (?:quiero|voy a|quisiera) (?:matar|morir|ir de este)|(?:me|se) cort[oa]|cortarme|(?:mejor"
    r"|seria) (?:\w+ ){0,2}no estar",
    r"mejor sin mi|extranaria\w*|(?:nada|no) (?:vale la pena|tiene sentido)|tengo (?:mucho )?miedo|no aguanto"
    r"|si me muero|me siento sol[oa]",
    "quer(?:o|ia) (?:morrer|me matar|sumir|desaparecer)|nao quero (?:mais )?(?:viver|acordar|estar aqui)|me matar"
    "|tirar (?:a )?minha vida",
    r"(?:eu )?me corto|me cortar|melhor (?:\w+ ){0,2}(?:sumir|morrer)|sentir minha falta|(?:tenho|to com|estou com"
    r"|com) (?:muito )?medo",
    "nao aguento|nada vale a pena|nao vejo sentido",
)
_DONE = _one_of(
    r"i (?:\w+ )?(?:stole|robbed|killed|lied|hid|sold|broke|punched|stabbed|shot|burned|set fire|choked|hurt him"
    r"|hurt her|hit (?:a|that|him|her|the|my|someone)"
    r"|ran over|drove (?:home )?drunk|did it|cheated|forged|was the one|got drunk and drove)"
    r"|i took (?:\w+ ){0,2}(?:money|cash|it|stuff|things|from)",
    r"i (?:gave|sold|bought) (?:\w+ ){0,6}(?:pills|drugs|weed|hot|stolen|adderall)|(?:it|that) was me|i confess"
    r"|turn myself in|did not stop",
    "yo (?:robe|tome|agarre|choque|pegue|menti|vendi|mate|rompi|queme|escondi|fui)|fui yo|le menti"
    "|agarre (?:la )?(?:plata|dinero)|me arrepiento",
    r"escondi|maneje (?:borrach|tomad)\w+|confieso|me quiero entregar",
    "eu (?:roubei|peguei|bati|menti|vendi|matei|quebrei|queimei|escondi)|fui eu|menti|peguei dinheiro"
    "|arrependid[oa]|escondi|dirigi bebad[oa]|confesso",
)
_WITNESS = _one_of(
    r"i (?:just |have )?(?:saw|seen|witnessed|caught|found out)|i (?:over)?heard (?:a|shots?|gun\w*|scream\w*"
    r"|yell\w*|him|her|them|my)|i (?:know|think i know) (?:who|that|where he|where she|where they)",
    "i (?:have|got) (?:a tip|info|information|evidence|it on (?:camera|video)|video of)|tip (?:the|there|about|on)"
    "|(?:on|have) (?:camera|video) of",
    r"(?:said|says|dijo|disse|dice|diz) (?:\w+ ){0,4}(?:list|guns?|kill|shoot|bomb|lista|matar|bomba)",
    r"i (?:think|believe|suspect|am sure|am pretty sure) (?:\w+ ){0,5}(?:steal|stolen|hot|deal|sell|abus|hit|drug"
    r"|gun)\w*|said (?:\w+ ){0,3}if i call",
    r"is running (?:a|an)|caller (?:says|said|claims)|(?:gift|apple) cards|bitcoins?|release (?:\w+ ){0,3}(?:video"
    r"|pictures)",
    "vi (?:a (?:un|una|alguien)|como|quien|cuando|un|una)|(?<!no )se (?:bien )?quien|tengo (?:informacion|pruebas"
    "|video)|quiero (?:denunciar|confesar)",
    r"escuche (?:gritos|disparos|golpes|a)|(?:dice|dijo) (?:\w+ ){0,2}si llamo|me llamo un[oa]",
    "vi (?:quem|um|uma|quando|o cara)|(?<!nao )sei quem|tenho (?:informacao|provas|video)|quero (?:denunciar"
    "|confessar)",
    r"ouvi (?:gritos|tiros|um|uma|o)|(?:fala|falou|diz|disse) (?:\w+ ){0,2}se eu chamar|ligaram (?:dizendo|falando)"
    r"|cai n(?:um|o) golpe",
)
# Told of nobody, only of what was done.
_DONE_BY_NOBODY = _one_of(
    "robaron|clonaron|rompieron|entraron|rayaron|metieron|poncharon|asaltaron|golpearon|chocaron|sacaron|quemaron"
    "|mataron|dispararon|quitaron|abrieron",
    "roubaram|levaram (?:o|a|os|as|meu|minha|meus|minhas|tudo|embora)|quebraram|entraram|riscaram|furaram|furtaram"
    "|assaltaram|bateram|tiraram|jogaram|arrombaram|queimaram|mataram|hackearam|clonaram|picharam",
    r"(?:me|nos|le|les) (?:robo|pega|pegan|pego|golpea\w*|amenaza\w*|acosa\w*|sigue\w*|siguio|estaf\w+|hacke\w+"
    r"|viol\w+|toco|tocaba|quita\w*|llaman tod\w+|grita\w*|obliga\w*)",
    r"me (?:roubou|bate|batem|bateu|ameaca\w*|segue\w*|seguiu|persegue\w*|assalt\w+|estupr\w+|tocou|engan\w+"
    r"|obriga\w*|forca\w*)|abus(?:ou|aba|ava|o) de",
    r"se (?:robaron|robo|llevaron|llevo|metieron|metio)|(?:fui|fomos|foi) (?:assaltad|roubad|agredid|ameacad"
    r"|estuprad|violentad)\w*|ligam tod\w+",
    r"esta desaparecid[oa]|(?:esta|ta) sumid[oa]|no contesta|nao atende|sumiu com|se llevo mi|vend(?:en|em"
    r"|e) (?:droga|hierba|maconha|marihuana|yerba|coca)\w*",
    "cars? (?:coming|going|in and out)|in and out at|entran y salen|entra e sai|piedras? a mi|pedra na minha",
    r"i get calls every|calls me every|breathing|circling (?:our|my)|(?:tires?|window|windows|lock|mirror"
    r"|door) (?:\w+ )?(?:was|were|got) \w+",
)
_ASKING_ABOUT = (
    r"(?:if|when|whenever|unless|about|against|report|reporting|catch|for|of|si|cuando|sobre|contra|denunciar"
    r"|reportar|se|quando"
    r"|caso|que|to|how|what|does|do|did|can|could|will|would|should|is|are|como|onde|donde|qual|cual) "
)
_TELLS = re.compile(
    rf"(?<= )(?:{_DISTRESS}|{_DONE}|{_WITNESS}|{_DONE_BY_NOBODY}|i (?:am"
    rf"|{_MINE_WAS}) (?:being )?(?:\w+ )?(?:followed|stalked|harassed)"
    rf"|i {_MINE_WAS}|{_OWN} (?:\w+ ){{1,4}}?{_MINE_WAS}|{_OWN} (?:\w+ ){{0,1}}?{_CLOSE} {_REST}{_HARMS})(?= )"
)
_SOMEBODY_DID = re.compile(
    rf"(?<= )(?P<asked>{_ASKING_ABOUT})?(?:{_SOMEBODY} {_REST}{_HARMS}"
    r"|(?:the|a|an) (?:\w+ ){1,3}?(?:was|were|got) (?:\w+ )?(?:stolen|robbed|broken into|vandali\w+|slashed"
    r"|smashed))(?= )"
)
_QUESTION = re.compile(
    r" (?:(?:hi|hello|hey|good \w+|hola|buenas|buenos dias|oi|ola|bom dia|boa tarde|ok|so|and|pls|please|por favor) )*"
    r"(?:how|what|whats|where|who|whos|when|which|why|can|could|may|do|does|did|is|are|should|will|would|if|como"
    r"|que|donde|quien"
    r"|a quien|cuando|cual|cuanto|cuantos|por que|puedo|puede|se puede|(?:hay|tem)(?! (?:un|una|unos|unas|um|uma"
    r"|uns|alguien|alguem|gente|dos|dois) )|es|tienen|dan|si|o que|onde|quem|pra quem|quando|qual"
    r"|quanto|quantos|posso|pode|da pra|e|voces|se|com que|a que|will you|van) "
)


def reads_like_report(words: Words) -> bool:
    """Whether the text tells of harm or distress; true also when nobody here can tell, as of letters we do not read."""
    if sum(word.isascii() for word in words.tokens) < _LATIN * len(words.tokens):
        return True
    line = f" {words.line} "
    if len(line) > 2 * _MOST:
        line = f"{line[:_MOST]} {line[-_MOST:]}"
    if _TELLS.search(line):
        return True
    return not asks(words) and any(not found["asked"] for found in _SOMEBODY_DID.finditer(line))


def asks(words: Words) -> bool:
    """Whether the text begins as a question does."""
    return _QUESTION.match(f" {words.line[:_BEGINNING]} ") is not None
