"""What stands when no file can be read: the floors of laws 1 and 6, the only residents' words written in Python."""

from bot.core.emergency import Context, Cue, EmergencyRules, Level, Rules
from bot.core.entry import EmergencyReplies

_REDIRECT = {
    "en": "If this is an emergency, call 911 now.\nThis chat is not watched and nobody has been alerted. "
    "If you cannot speak, text 911 from a phone: the exact address first, in short English words.",
    "es": "Si es una emergencia, llame al 911 ahora.\nNadie vigila este chat y no se ha avisado a nadie. "
    "Si no puede hablar, mande un mensaje de texto al 911 desde un teléfono: primero la dirección exacta, "
    "con palabras cortas en inglés.",
    "pt": "Se for uma emergência, ligue para o 911 agora.\nNinguém vigia este chat e ninguém foi avisado. "
    "Se não puder falar, mande um SMS para o 911 de um telefone: primeiro o endereço exato, "
    "com palavras curtas em inglês.",
}
FLOOR_REPLIES = EmergencyReplies(redirect=_REDIRECT, notice=_REDIRECT, lines={})
FLOOR_TEXT = "\n\n".join(_REDIRECT.values())

FLOOR_STOPPED = """\
This chat will send you no advisories. You can still write to me. In an emergency call 911.

Este chat no le enviará avisos. Puede seguir escribiéndome. En una emergencia llame al 911.

Este chat não vai enviar avisos para você. Você pode continuar me escrevendo. Em uma emergência, ligue para o 911."""
"""What STOP gets when no phrase file can be read, once it is stored or where nothing is ever sent."""

FLOOR_NOT_STOPPED = """\
I could not save your STOP. Please send it again in a few minutes. In an emergency call 911.

No pude guardar su STOP. Por favor, mándelo otra vez en unos minutos. En una emergencia llame al 911.

Não consegui salvar seu STOP. Por favor, mande de novo em alguns minutos. Em uma emergência, ligue para o 911."""

# Few and blunt on purpose: with no files to weigh the context, a frightening word is enough for the 911 line.
_DANGER = """
    911 help emergency police ambulance ambulances fire smoke gun guns shot shots shooting shooter knife stab stabbed
    stabbing bleeding blood breathing breathe choking unconscious dying dead kill killed kidnapped rape raped hitting
    beating attacked attacking robbed robbing burglar intruder weapon overdose overdosed suicide bomb trapped drowning
    seizure stroke crash hostage screaming
    ayuda auxilio socorro emergencia policia ambulancia fuego incendio humo pistola arma disparos balazos tiroteo
    cuchillo navaja sangre sangrando respira respirar desmayo inconsciente muriendo muerto matar secuestro violaron
    golpeando pegando robando asaltando sobredosis suicidio bomba atrapado ahogando convulsion choque gritando
    ajuda emergencia fogo incendio fumaca revolver tiros tiro faca facada sangrando sangue desmaiou inconsciente
    morrendo morto matar sequestro estuprada batendo assalto roubando overdose suicidio bomba preso afogando convulsao
    batida gritando
""".split()

FLOOR_RULES = Rules(
    EmergencyRules(
        classes={"FILLER": ("a", "the", "un", "una", "el", "la", "um", "uma", "o"), "DANGER": tuple(_DANGER)},
        ordinary=("fine", "hello", "held", "kelp", "shop", "show", "short", "fuel", "faço", "casa", "toro", "tipo"),
        cues=(Cue("floor", "unknown", Level.EMERGENCY, ("DANGER",), hard=True),),
        contexts=dict.fromkeys(Context, ()),
    )
)
