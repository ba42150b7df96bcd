"""Where in a text people are named: after words that introduce a name, by a title, or by a common first name.

Names are no words of a list, so this goes by what stands before them. After "my name is" nearly anything is a name;
after "I am" or "soy" only what is written like one, or begins with a first name that many bear.
"""

import re
import unicodedata
from collections.abc import Callable, Iterator
from enum import Enum, auto

_I = re.IGNORECASE
_WORD = re.compile(r"[^\W\d_][\w'’-]{0,40}")
_PROPER = re.compile(r"[A-ZÀ-ÖØ-Þ][\w'’-]*[a-zß-öø-ÿ]\Z")
_SHORTENED = re.compile(r"(?i:['’](?:m|ve|ll|d|re|t)\Z)")  # "I'm", "don't"
_BETWEEN = re.compile(r"(?:\.? {1,3})")
_MOST_WORDS = 6


class _After(Enum):
    """What the words before a name are worth."""

    SAYING_SO = auto()  # "my name is": a name however it is written
    A_ROLE = auto()  # "soy", "my son", a title: a name when it is written like one
    ALMOST_NOTHING = auto()  # "I am", "this is": a first name and a last
    A_GREETING = auto()  # "regards,": a name when nothing follows it


_RELATIVES = (
    r"wife|husband|son|daughter|mother|father|mom|mum|dad|brother|sister|neighbou?r|landlord|landlady|tenant|boss"
    r"|friend"
    r"|boyfriend|girlfriend|ex|partner|uncle|aunt|cousin|nephew|niece|grandmother|grandfather|grandma|grandpa|teacher"
    r"|espos[oa]|hij[oa]|madre|padre|mam[aá]|pap[aá]|herman[oa]|vecin[oa]|due[nñ][oa]|jef[ea]|amig[oa]|novi[oa]"
    r"|t[ií][oa]"
    r"|prim[oa]|sobrin[oa]|abuel[oa]|marido|ni[nñ][oa]"
    r"|filh[oa]|m[aã]e|pai|irm[aãoõ]+|vizinh[oa]|don[oa]|chefe|namorad[oa]|av[oóô]|menin[oa]|patr[aã]o|patroa"
)
_TITLES = (
    r"officer|sergeant|sgt|detective|det|lieutenant|lt|captain|capt|chief|mrs?|ms|miss|dr|dra|rev|father|pastor|agente"
    r"|oficial|sargento|se[nñ]or(?:a|ita)?|senhor(?:a|ita)?|sra?|srta|do[nñ]a|don|lic|ing|prof|professora?|padre"
)
_TITLED = re.compile(rf"(?:(?:el|la|o|a|the)\s+)?(?:{_TITLES}|seu)\b\.?\s+", _I)
_INTRODUCED = {
    _After.SAYING_SO: re.compile(
        r"(?:(?<!como )(?<!cómo )\b(?:(?:name|nmae|naem|nam)(?:['’]s|\s+is|\s+was|\s*:)"
        r"|(?:i\s+am|i['’]?m|am)\s+(?:called|named)|people\s+call\s+me"
        r"|me\s+(?:ll|y)am[oa]n?|se\s+(?:ll|y)ama(?:n|ba)?|(?:nombre|nonbre)(?:\s+completo)?\s*(?:es\b|era\b|:)"
        r"|apellidos?\s*(?:es\b|:)|me\s+(?:chamo|xamo)|se\s+chama(?:va)?|chama-se|sobrenome\s*(?:[ée]\b|:)"
        r"|nome(?:\s+completo)?(?:\s+del[ea])?\s*(?:é\b|eh\b|era\b|:)|meu\s+nome\s+e\b))\W{1,3}",
        _I,
    ),
    _After.A_ROLE: re.compile(
        rf"\b(?:(?:my|his|her|our|mi|mis|su|nuestr[oa]|meu|minha|nosso|nossa)\s+(?:{_RELATIVES})s?(?:\s+(?:is|es"
        rf"|é)\b)?"
        r"|soy(?:\s+(?:el|la))?|sou(?:\s+[oa])?|(?:le|les|te)\s+(?:habla|escribe|saluda)|hablas?\s+con|habla|fala"
        r"|falando\s+com"
        r"|aqu[ií]\s+(?:[ée]|eh|es)(?:\s+[oa])?|(?:quem|quien)\s+(?:fala|escreve|habla|escribe)\s+(?:[ée]|eh"
        r"|es)(?:\s+[oa])?"
        r"|(?:de|da)\s+parte\s+(?:de|d[oa])|(?:a|en|em|no)\s+no(?:m|mb)(?:br)?e\s+(?:de|d[oa])|(?:in"
        r"|under)\s+(?:the|my)?\s*name"
        r"(?:\s+of)?|name\s+of|on\s+behalf\s+of|named|called|llamad[oa]|chamad[oa]|names?|no[mn]bre|nome"
        r"|(?:you|they|people|everybody|friends|just|can|may)\s+call\s+me|me\s+dicen|cham(?:ar|am)\s+de|me\s+chamam"
        r"|ask\s+for|signed|firmado|assinado)\s*[,:]?\s+",
        _I,
    ),
    _After.ALMOST_NOTHING: re.compile(r"\b(?:i\s+am|i['’]?m|am|this\s+is|it['’]?s|it\s+is|me,|it['’]?s\s+me)\s+", _I),
    _After.A_GREETING: re.compile(
        r"\b(?:regards|sincerely|yours(?:\s+truly)?|thanks|thank\s+you|thx|cheers|best|respectfully|atentamente"
        r"|saludos"
        r"|gracias|cordialmente|atenciosamente|att|abra[çc]os?|obrigad[oa]|grat[oa])\s*[,.!:-]+\s*",
        _I,
    ),
}
_TITLE = re.compile(rf"\b(?:(?i:{_TITLES})\b\.?|Seu)\s+")
# "Ann Smith here"; and at the beginning of a text "Ann Smith, [phone]".
_PRESENT = re.compile(r"\s+(?:here|speaking|calling|(?:por\s+)?aqu[ií]|falando)\b", _I)
_LISTED = re.compile(r"\s*[,/|;:–-].{0,80}\[[a-z ]+\]")

_PARTICLES = frozenset("de da do dos das del la las los van von di du e y mc st".split())
# What follows the introducing words and is no name: "my name is spelled wrong", "soy residente".
_NO_NAMES = frozenset("""
a about above absent acima again agora ahi ahora ai al also am an and any anyone anytime apenas apos aqui are as asap
at away ayer back before being belongs bien bom but by calling can changed com come como con contra could cuando cual
de deaf did different do does dos during e el ela ele em en era es esa ese esta estaba estan estas este estou estoy eu
fine foi for from fue fuera getting going gone good gostaria had has have having he held help her here him his how i
im in incorrect incorrecto errado escrita escrito errada is isso it ja just keep la las later like listed live lives
lo looking los lost mal mas me mi mia minha misspelled misspelt missing mora moro muito muy my na nao necesito need
needed never new no nobody nos not now o of ok on only onde or os other our out over para pedi pelo perd perdi perdio
pero please por pra porque posso preciso primero primeiro private public puedo que quando quantos quem quero quien
quiero quisiera really registered right said same sale se seguro sem ser she should si sim sin so some someone soon
sorry sou soy spelled spelt still su sua sure ta tambem tambien tem tengo tenho that the their them then there they
this to too tomorrow trying tu u um uma un una uno used very vivo voce want wanted was we were what when where which
while who whoever whom whose why will with without working would written wrong y ya yes yet yo you your completo
publico publica correta correcta correcto correto legal tag tags plate plates card sem-nome day mismo mesmo called
name names nombre nome number phone email form report cambio online confidential anonymous secret visible shown show
up off if cambiar mudar mudou trocar trocado after dia hoje hoy manana amanha tarde noche noite lado mais menos tanto
tan medio tudo todo todos nada algo cosa coisa
""".split())  # fmt: skip
# What is written with a capital and no name: places, peoples, offices, days, and how sentences begin.
_CAPITAL_NO_NAMES = frozenset("""
african america american americano americana asian april august avenue black brasil brasileira brasileiro brazil
brazilian catholic christian christmas city ciudad colombia colombiana colombiano connecticut court deaf december
department departamento district dominicana dominicano domingo ecuador ecuatoriana ecuatoriano english enero espana
espanol estados february fire friday god hall happy high hispanic hispano iglesia igreja ingles january jewish july
june junio julio latina latino main march mexican mexicana mexicano mexico monday muslim new november october office
old parade park pd peru peruana peruano police policia portugal portuguesa portugues portuguese puerto republica
saturday school senior september spanish state street sunday superintendent thursday tuesday united university us usa
veteran wednesday west white the this that how what when where which who why is are can could do does did please my
your our and but if i we you he she they it a an in on at for to from of no not yes ademas tambem tambien alem assim
asi entonces entao luego depois despues hi hello hey dear thank thanks good also any there como cuando donde que quien
porque por para con sin hola gracias buenos buenas favor el la los las un una quando onde quem ola obrigado obrigada
bom boa o os as um uma
""".split())  # fmt: skip
_STREETS = frozenset("street st avenue ave road rd drive dr lane ln court ct boulevard blvd place terrace way".split())
# First names that many bear in the three languages, save those that are words of another kind ("will", "linda").
_FIRST_NAMES = frozenset("""
aaron abel abigail adam adela adrian adriana agnes ahmed alan albert alejandra alejandro alex alexander alexandra
alfredo ali alice alicia aline allison alma alvaro amanda amelia amit amparo amy ana anabel andre andrea andreia
andres andressa andrew andy angela anita ann anna anne anthony antonia antonio araceli ariana arlene armando arnold
arthur arturo ashley augusto aurelio barbara beatriz benito benjamin bernard beth betty beverly bianca bob bobby
bonnie bradley brandon brenda brian bruce bruna bruno bryan byron camila camille carl carla carlos carmelo carmen
carol carolina caroline carolyn catherine cecilia celia cesar charles charlotte cheryl chris christian christina
christine christopher cibele cindy clarence claudete claudia claudio cleusa cody colin connie courtney craig cristian
cristiane cristina cynthia daisy damaris daniel daniela danielle danny darius darnell david deborah debra delia denise
dennis derek diana diane diego dilma donald donna dora doris dorothy douglas dylan earl eddie edgar edison edith edna
eduardo edward efrain eileen elaine elena eliana eliane elias elisa elizabeth ellen elmer elsa elvira emilio emily
emma enrique eric erica erick ernest ernestina ernesto esteban esther ethan eugene eugenio eva evelyn fabiana fabio
fabricio fatima fatimah fausto felipe felix fernanda fernando fidel flavia flavio florence frances francisca francisco
franklin fred freddy gabriel gabriela gary genaro geoffrey george gerald geraldo gerardo gilberto gina gislaine gladys
glenda glenn gloria gonzalo graziela gregory guadalupe guilherme guillermo gustavo harold harriet harry hassan heather
hector heitor helen helena helio henrique henry hernan hilario hilda howard hugo humberto ian ibrahim ignacio igor
ines iracema irene iris isaac isabel isabella isidro ivan ivana ivone jacinto jack jackie jacob jacqueline jaime jair
jamal james jamie jane janet janice jason javier jean jeff jeffrey jennifer jenny jeremy jerry jesse jessica jesus
jill jim jimmy joan joana joanne joao joaquin joe joel johanna john johnny jonathan jorge jose josefa josefina joseph
joshua josiane josue joyce juan juana judith judy julia julian juliana julie julio jussara justin karen karina karla
katherine kathleen kathy katia katie kayla keisha keith kelly kenneth kevin khan kimberly kyle larissa larry latoya
laura lauren laurie lawrence leandro lee leila leo leon leonard leonardo leonor leopoldo leslie leticia lewis lidia
ligia lilian lillian lisa lois lorena lori louis louise lourdes luana lucas lucia luciana luciano lucy luis luisa luiz
luiza lupe luz lydia lynn magdalena maira malik manuel marcela marcelo marcia marco marcos marcus margaret margarita
maria mariana maribel marie marilyn marina mario marisela marisol maritza marlene marlon marta martha martin mary
mateo mateus matheus matthew maureen mauricio mauro mayra megan melanie melissa mercedes michael michel michele
michelle miguel mike milton miriam mohammed moises monica monique muhammad nair nancy narcisa natalia natalie natasha
nathan nelly nelson nestor neusa neuza nguyen nicholas nicole nilson nilza noemi norma octavio odair ofelia olena olga
olivia omar orlando oscar osvaldo otavio otto pablo pamela patricia patrick paul paula pauline paulo pedro peggy peter
philip phillip phyllis priscila priya rachel rafael rafaela raimundo raj ralph ramiro ramon raquel raul raymond
rebecca regina reginaldo renata renato rene reynaldo ricardo richard rigoberto rita robert roberta roberto rocio
rodolfo rodrigo rogelio roger rolando ronald rosa rosana rosangela rosario rosemeire rosilene roxana roy ruben russell
ruth ryan sabrina sally salvador samantha samuel sandra sandro santiago sara sarah saul scott sean sebastian segundo
sergio shanice sharon sheila shirley silvana silvia silvio simone singh sixto sofia solange sonia stacy stanley
stephanie stephen steve steven stuart sueli susan susana suzanne sylvia tania tanya tatiana tatiane teresa tereza
terry thais theresa thiago thomas tiago tiffany timothy todd tom tomas tommy tony tracy tyler tyrone ulises valdir
valentina valeria valmir vanessa vania vera veronica vicente victor victoria vincent vinicius virgilio virginia vivian
viviane wagner walter wanda wayne wei wellington wendy weslei wesley wilfrido wilmer wilson xavier ximena yadira
yesenia yolanda yvonne zachary zelia zilda zoila
""".split())  # fmt: skip


def places_of_names(text: str) -> Iterator[tuple[int, int]]:
    """Where in the text names stand, from here to there; they may overlap and are in no order."""
    for after, introduced in _INTRODUCED.items():
        for found in introduced.finditer(text):
            start = titled.end() if (titled := _TITLED.match(text, found.end())) else found.end()
            after_title = _After.A_ROLE if titled and after is _After.ALMOST_NOTHING else after
            if (end := _end(text, start, after_title)) > start:
                yield start, end
    for found in _TITLE.finditer(text):
        if (end := _end(text, found.end(), _After.A_ROLE)) > found.end():
            yield found.end(), end
    yield from _standing_alone(text)


def _standing_alone(text: str) -> Iterator[tuple[int, int]]:
    """A first name that many bear, with a last name; and whoever says that they are here."""
    last = 0
    for found in _WORD.finditer(text):
        if found.start() < last or not _is_proper(found[0]):
            continue
        words = _words(text, found.start())
        end = _run(text, words, _is_proper)
        last = end
        if end > found.end() and not _is_street(text, words, end):
            is_first = not text[: found.start()].strip()
            is_known = _folded(found[0]) in _FIRST_NAMES
            if is_known or _PRESENT.match(text, end) or (is_first and _LISTED.match(text, end)):
                yield found.start(), end


def _end(text: str, start: int, after: _After) -> int:
    """Where the name ends that begins at `start`; `start` when none does."""
    words = _words(text, start)
    if not words:
        return start
    first = text[slice(*words[0])]
    is_first_name, is_proper = _folded(first) in _FIRST_NAMES, _is_proper(first)
    in_capitals = _run(text, words, _is_proper) if is_proper else start
    if after is _After.SAYING_SO:
        if _folded(first) in _NO_NAMES or (first.islower() and _folded(first) in _CAPITAL_NO_NAMES):
            return start
        return max(
            _run(text, words[:1] + _more(text, words), _may_be_name), in_capitals, _run(text, words, _is_capital)
        )
    if after is _After.A_GREETING:
        return in_capitals if is_proper and not text[in_capitals:].strip(" .,!-") else start
    if is_first_name and not is_proper:
        return _run(text, words[:1] + _more(text, words), _may_be_name)
    has_last = len(words) > 1 and in_capitals > words[0][1]
    is_enough = has_last or is_first_name or after is _After.A_ROLE
    return in_capitals if is_proper and is_enough else start


def _more(text: str, words: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """After the first word one more, beside the particles before it."""
    for at, word in enumerate(words[1:], 1):
        if _folded(text[slice(*word)]) not in _PARTICLES:
            return words[1 : at + 1]
    return []


def _words(text: str, start: int) -> list[tuple[int, int]]:
    """The next words, with nothing but spaces between them, as places in the text."""
    words: list[tuple[int, int]] = []
    while len(words) < _MOST_WORDS and (found := _WORD.match(text, start)):
        words.append(found.span())
        is_initial = len(found[0]) == 1
        gap = _BETWEEN.match(text, found.end())
        if gap is None or (gap[0].startswith(".") and not is_initial):
            break
        start = gap.end()
    return words


def _run(text: str, words: list[tuple[int, int]], is_of_name: Callable[[str], bool]) -> int:
    """Where the run of words that may be of a name ends; particles count when a name goes on after them."""
    end = words[0][0]
    for start, stop in words:
        word = text[start:stop]
        if is_of_name(word):
            end = stop
        elif _folded(word) not in _PARTICLES:
            break
    return end


def _may_be_name(word: str) -> bool:
    return _folded(word) not in _NO_NAMES | _PARTICLES


def _is_capital(word: str) -> bool:
    return word[0].isupper() and _folded(word) not in _NO_NAMES


def _is_proper(word: str) -> bool:
    if _SHORTENED.search(word):
        return False
    is_initial = len(word) == 1 and word.isupper() and word != "I"
    return (is_initial or bool(_PROPER.match(word))) and _folded(word) not in _CAPITAL_NO_NAMES


def _is_street(text: str, words: list[tuple[int, int]], end: int) -> bool:
    """Whether a name of a street was met: "John Street"."""
    return any(_folded(text[start:stop]) in _STREETS for start, stop in words if start <= end + 1)


def _folded(word: str) -> str:
    plain = unicodedata.normalize("NFKD", word.casefold())
    return "".join(c for c in plain if not unicodedata.combining(c)).removesuffix("'s").removesuffix("’s")
