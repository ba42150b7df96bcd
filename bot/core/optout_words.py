"""What people type to be left alone: law 6's floor, which stands when no phrase file can be read.

The little language of `pattern.py` over the word classes below, the three languages side by side. A reply to STOP is
owed whatever becomes of the folder; what curators add to it is the command `stop` of the phrases.
"""

CARRIER_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
"""Single words at which the SMS carrier blocks the number and answers by itself (Twilio's help pages)."""

CARRIER_START = frozenset({"start", "yes", "unstop"})
"""Single words at which the SMS carrier lifts its block. "Yes" means that on SMS only, so nothing else reads it so."""

COURTESIES = frozenset(
    """
    please plz plese pleas pleese kindly now immediately asap already just hi hello hey ok okay thank thanks thx ty sir
    maam guys yes yeah yo sorry fucking fuckin damn goddamn bloody lol
    hola por favor porfa porfavor plis gracias ya ahora inmediatamente senor senora oiga mire disculpe perdon
    oi ola pfv pfvr pf obrigado obrigada obg agora ja gente moco desculpe desculpa sim
    """.split()
)
"""Words that change nothing wherever they stand."""

CLASSES = {
    # May stand between and around the words of an order without counting.
    "FILLER": """
        i we am are do the these those this that all any of me us my your you to from for more anymore again ever such
        further in on at with about every each so and here it them also myself
        police danbury city town department pd
        mi mis los las la el lo le les nos su sus tu tus de del que a al en estos estas estos esas esos este esta esto
        mas todos todas tantos tantas con policia ciudad
        eu meu meus minha minhas o os as um do da dos das na nas dessa desse desses dessas desta deste destes destas
        esse esses essa essas isso mais tudo com""",
    "HALT": "stop quit end cease halt stp",
    "CANCEL": """
        cancel mute silence disable deactivate cancell
        alto cancelar cancele cancelen cancela cancelame cancelenme cancelem canselar cansele cansela anular anule
        anulen desactivar desactive desactiven desactiva apagar apague apaguen apaga silenciar silencie silencien
        silencia quitar quite quiten quita parar pare paren para parem detener detenga detengan suspender suspenda
        suspendan desligar desliga desligue desliguem desativar desativa desative desativem""",
    "UNSUB": """
        unsubscribe unsub unsuscribe unenroll unfollow optout stopall
        desuscribir desuscribirme desuscribirse desuscribame desuscribeme desuscribanme desubscribir desubscribirme
        desinscribir desinscribirme desinscribirse
        descadastr* desinscrever desinscreve desinscreva desinscrevam desinscricao""",
    "SENDING": """
        sending texting txting messaging msging notifying alerting contacting emailing mailing calling spamming pinging
        bothering bugging writing getting receiving""",
    "REACH": "contact text txt message msg notify alert txting texting",
    "MESSAGES": """
        messages message texts text txts texs msgs msg sms alerts alert alrts advisories advisory notifications
        notification notifs notif updates
        mensajes mensaje mensajitos mensages textos texto alertas alerta avisos aviso notificaciones msjs msj mjs
        mensagens mensagem notificacoes notificacao""",
    "NOTES": "notices warnings emails stuff ones crap shit bulletins broadcasts mierda merda porra",
    "THESE": "these those",
    "SUBSCRIPTION": "subscription subscriptions suscripcion subscripcion suscripsion assinatura inscricao",
    "TAKE": "take get remove drop delete erase scratch strike pull",
    "LIST": "list lists lsit lista listas",
    "KIND": "text texting texts sms alert alerts mailing contact phone notification distribution avisos alertas",
    "NUMBER": "number phone cell cellphone numero telefono celular telefone",
    "MINE": "my this mi este meu esse",
    "WANT": "want need wish like care",
    "GET": "get receive have see hear",
    "TOLD": "texted messaged contacted notified alerted bothered spammed emailed",
    "CONSENT": "consent permission consentimiento consentimento permiso permissao",
    "DEJAR": """
        deja dejen deje dejar dejad para pare paren parar parem cesar cesen deixa deixe deixem deixar""",
    "MANDAR": """
        mandar mandarme mandarnos mandando enviar enviarme enviarnos enviando escribir escribirme escribiendo textear
        textearme mensajear mensajearme notificarme contactarme recibir llamarme
        receber escrever""",
    "MANDEN": """
        manden mande mandes envien envie envies escriban escriba escribas texteen contacten contacte notifiquen lleguen
        mandem manda enviem envia escrevam escreva contatem""",
    "QUIERO": """
        quiero queremos deseo deseamos necesito quisiera gustaria
        quero desejo desejamos preciso queria gostaria""",
    "QUITENME": """
        quitame quiteme quitenme quitarme borrame borreme borrenme borrarme sacame saqueme saquenme sacarme eliminame
        elimineme eliminenme eliminarme remueveme remuevame remuevanme removerme retireme retirenme retirame
        salir salirme sair""",
    "QUITE": """
        quite quiten quita quitar borre borren borra borrar elimine eliminen elimina eliminar remueva remuevan saque
        saquen saca retire retiren
        tira tire tirem tirar remove remova removam remover exclui exclua excluam excluir apaga apague apaguem apagar
        retira retirem retirar deleta""",
    "DAR": "dar darme deme denme dame darse darnos dennos",
    "BAJA": "baja vaja",
    "NO": "no nao",
    "BECAUSE": "because cause bc since but as porque pues pero mas pois",
    "TOPIC": "",  # a topic that was named; the words come with the topics
}
"""Words by what they do in an order."""

ORDERS = """
    HALT|CANCEL MESSAGES|NOTES|THESE
    HALT SENDING
    HALT SENDING MESSAGES|NOTES|THESE|anything|everything|me|them
    HALT|CANCEL SUBSCRIPTION
    UNSUB
    UNSUB KIND? MESSAGES|NOTES|THESE|LIST|everything|tudo|todo
    un subscribe
    opt out
    opt out KIND? MESSAGES|NOTES|THESE|LIST|everything
    BAJA|salir|sair TOPIC
    TAKE me|NUMBER off
    TAKE me|NUMBER off|from|out KIND? LIST|MESSAGES|NOTES|THESE|system
    TAKE off KIND? LIST|MESSAGES|NOTES|THESE
    take off TOPIC
    remove|drop me
    remove|delete|erase|lose MINE NUMBER
    want|need off|out KIND? LIST|MESSAGES|THESE
    leave|exit KIND? LIST|MESSAGES
    no more MESSAGES|NOTES|THESE
    no more MESSAGES|NOTES NUMBER
    want no more MESSAGES|NOTES|THESE
    want no more MESSAGES|NOTES NUMBER
    not|never REACH me
    not|never call|write|email|bother|ping|bug me again|anymore|ever
    not|never send me
    not|never send MESSAGES|NOTES|THESE|anything|them|nothing
    not|never|longer WANT MESSAGES|NOTES|THESE
    not|never|longer WANT GET MESSAGES|NOTES|THESE|anything
    not|longer WANT GET these|those|them|this|it anymore|again
    not|never|longer WANT be TOLD
    not WANT you REACH|SENDING|send|call me
    done|sick|tired|over|through|fed MESSAGES|THESE
    enough MESSAGES
    turn|shut|switch off MESSAGES|NOTES|THESE
    turn|shut|switch MESSAGES|NOTES|THESE off
    revoke|withdraw my|all CONSENT
    revoke|withdraw CONSENT GET|send MESSAGES
    revoco|revogo|retiro mi|meu CONSENT
    DEJAR de MANDAR
    DEJAR de MANDAR MESSAGES|NOTES|nada
    DEJAR com|con MESSAGES
    DEJAR de molestar|molestarme|incomodar MESSAGES
    chega|basta MESSAGES
    NO|nunca me MANDEN mas|mais|nada|nunca|MESSAGES|NOTES
    NO|nunca MANDEN MESSAGES|NOTES|nada
    no me escriban|escriba|contacten|contacte|manden|envien|texteen
    nao me manda|mande|mandem|enviem|escreva|escrevam|contatem
    NO me llamen|llame|molesten|ligue|liguem mas|mais
    NO mas|mais MESSAGES|NOTES
    sem mais MESSAGES
    nada mas|mais de MESSAGES
    NO QUIERO MESSAGES|NOTES
    NO QUIERO recibir|receber
    NO QUIERO recibir|receber MESSAGES|NOTES|nada|nenhum|ningun
    no QUIERO estos|estas|esos|esas
    nao QUIERO mais desses|dessas|esses|essas
    NO QUIERO que MANDEN
    NO QUIERO que MANDEN MESSAGES|nada
    QUITENME KIND? LIST|MESSAGES
    me QUITE KIND? LIST
    QUITE eu LIST
    me QUITE MESSAGES
    QUITE MINE NUMBER
    QUITE MINE NUMBER KIND? LIST|MESSAGES
    DAR de BAJA
    DAR de BAJA MESSAGES|LIST|NUMBER|todo|SUBSCRIPTION
    BAJA KIND? MESSAGES|LIST|SUBSCRIPTION
"""
"""Said with nothing but courtesies, fillers and asides in their clause, an order is one whatever else is written."""

WORDS = """
    stop|stopp|stpo|sotp|tsop|stp|sttop|stoop|st0p|srop|dtop|stopo|stap|stoop
    stop|cancel|end all|everything|todo|tudo
    all stop
    stop thank|end|cancel|quit|alto|parar|baja
    reply|text|say|send|answer stop
    alto|baja|vaja|parem|paren
    parar|pare|para|parem|paren|alto|cancelar|cancele|cancela|cancelem|cancelen todo|tudo
"""
"""Whole clauses that are an order when only courtesies and asides stand beside them."""

BARE = """
    end|quit|qiut|quitt|cancel|cancle|canel|cancell|canceled|revoke|exit|leave|remove|halt|cease|mute
    parar|pare|para|parad|detener|detenga|detengan|detente|salir|salirme|cancelar|cancele|cancelen|cancela|canselar
    fin|finalizar|terminar|anular
    sair|cancelem|encerrar|remover|desligar|parr
"""
"""Words so common that they are an order only when nothing but courtesies comes with them."""

DOUBTS = """
    stop it|this|that|them
    quit|cut|end it|that
    cut it out
    cancel it|them|this|that
    turn|shut it|them off
    leave me|us alone
    stop harassing me|us
    make it|them stop
    no more
    enough
    i? want|need out
    i? want|need to? stop|quit|end
    i? said stop
    wrong number|person
    not interested
    basta|chega
    no mas
    dejenme|dejeme|dejame en paz|tranquilo|tranquila
    dejen|deje|deja de molestar|molestarme|joder|fregar|chingar
    quitenme|borrenme|saquenme|quiteme|saqueme|borreme
    quitenme|borrenme|saquenme|quiteme|saqueme|borreme de aqui
    no me molesten
    no los|las quiero
    yo? quiero parar|cancelar|salir
    no quiero mas
    cancelar mi? inscripcion
    cancelelos|canceleles|apaguelas|apaguelos
    numero|persona equivocado|equivocada
    no me interesa|interesan
    me? deixa|deixe|deixem me? em paz
    nao quero mais isso?
    para|pare|parem com isso
    me tira|tire|tirem daqui
    eu? quero parar|sair|cancelar
    numero|pessoa errado|errada
    nao tenho interesse
"""
"""Whole messages that mean it here as likely as not: worth asking "did you mean STOP?"."""

STARTS = """
    start|unstop|resume|resubscribe|reactivate|unmute
    start|begin again
    start|resume|restart|reactivate MESSAGES|THESE|SENDING
    start|resume|restart SENDING MESSAGES|THESE|them
    start MESSAGES|SENDING|THESE again
    subscribe|sign me again|back
    sign me up again
    subscribe me|again again|back
    opt me? back|in back|in|again
    turn MESSAGES|NOTES|THESE|them back on
    want|need|send MESSAGES|NOTES|THESE again|back
    reanudar|reanude|reanuden|reactivar|reactive|resuscribirme|resuscribir|reanuda MESSAGES?
    volver|vuelva|vuelvan a recibir|mandarme|enviarme|mandar|enviar MESSAGES?
    recibir|mandenme|mandeme|enviarme|mandarme|activar MESSAGES? otra vez
    recibir|mandenme|mandeme|enviarme|mandarme|activar MESSAGES? de nuevo
    empezar|iniciar|comenzar otra vez
    retomar|reativar|reative MESSAGES?
    voltar|volte|voltem a receber|mandar|enviar MESSAGES?
    receber|mandem|mandar|ativar MESSAGES? de? novo|novamente
"""
"""Whole messages, fillers and wishes aside, that take a stop back."""

WISHES = """
    can|could|would|will you
    want|need|wish|going|trying|like
    would like
    can|could you go ahead
    quiero|quisiera|deseo|necesito|queremos|quiere
    me gustaria|quiero
    puede|puedes|pueden|podria|podrias|podrian
    podria|podrian hacer
    solicito|solicitamos|pido|pedimos
    quero|queria|gostaria|desejo|preciso|queremos
    voce|voces? pode|podem|poderia|poderiam
    solicito|peco
"""
"""What makes a wish or a polite order of the words after it. "How do I", "can I" and "if I" are not among them."""

ASIDES = """
    BECAUSE? wrong number|person|guy
    BECAUSE? not interested
    BECAUSE? have|got wrong number|person
    BECAUSE? moved|moving
    BECAUSE? have moved
    BECAUSE? not|longer live|reside|work
    BECAUSE? not|longer interested
    BECAUSE? not|never sign|signed|subscribe|subscribed|asked|ask|registered|register|agreed
    BECAUSE? not|longer WANT THESE|MESSAGES|them|it
    BECAUSE? who is|are this|you
    BECAUSE? is? not my NUMBER
    BECAUSE? too many|much
    BECAUSE? keep getting|receiving|sending|texting
    BECAUSE? annoying
    BECAUSE? getting too
    BECAUSE? is|are annoying
    good morning|afternoon|evening|night|day
    have good|great|nice
    BECAUSE? me mude|mudo
    BECAUSE? mudamos
    BECAUSE? NO vivo|vivimos|moro|moramos
    BECAUSE? NO me interesa|interesan
    BECAUSE? numero equivocado|errado
    BECAUSE? persona|pessoa equivocada|errada
    BECAUSE? se equivocaron|equivoco
    BECAUSE? NO es|e mi|meu NUMBER
    BECAUSE? NO|nunca me inscribi|suscribi|registre|inscrevi|cadastrei
    BECAUSE? son|sao demasiados|muchos|muitos|MESSAGES
    BECAUSE? demasiados|muitos MESSAGES
    buenos|buenas|bom|boa dias|tardes|noches|dia|tarde|noite
    muchas|mil|muito
    BECAUSE? este|esse NUMBER NO
    BECAUSE? mudei|mudamos
    BECAUSE? me mudei
    BECAUSE? NO tenho|estou interesse|interessado|interessada
    BECAUSE? quem|quien e|es
"""
"""Reasons and greetings beside an order; the rest of their clause may say anything."""

SOMEBODY_ELSE = frozenset(
    """
    he she him her his hers husband wife boyfriend girlfriend ex neighbor neighbors man woman someone somebody guy
    ella novio novia esposo esposa marido vecino vecina hombre mujer alguien
    ele ela namorado namorada vizinho vizinha homem mulher alguem
    """.split()
)
"""Where one of these is named, the words beside an order are not about the advisories."""

ORDINARY = frozenset(
    """
    cancer remote canceled cancelled cancelado cancelada terminal subscribe suscribir inscrever cadastrar massage
    massages
    """.split()
)
"""Words that are never read as a misspelt one of these."""
