"""The words people are left alone with: law 6's floor, which stands when no phrase file can be read.

A stop is owed whatever becomes of the folder. What curators add to it is the command `stop` of the phrases.
"""

CARRIER_STOP = frozenset({"stop", "stopall", "unsubscribe", "cancel", "end", "quit", "revoke", "optout"})
"""Single words at which the SMS carrier blocks the number and answers by itself (Twilio's help pages)."""

CARRIER_START = frozenset({"start", "yes", "unstop"})
"""Single words at which the SMS carrier lifts its block. "Yes" means that on SMS only, so nothing else reads it so."""

COURTESIES = frozenset(
    """
    please and y plz plese pleas pleese kindly now immediately asap already just hi hello hey ok okay thanks thx ty sir
    maam guys yes yeah yo sorry fucking fuckin fuck damn goddamn bloody lol
    ffs wtf stfu asshole assholes idiot idiots moron morons bitch bitches
    hola buenas buenos buen por favor porfa porfavor plis gracias ya ahora inmediatamente senor senora oiga mire
    disculpe perdon muchas carajo idiotas imbeciles cabrones pendejos
    oi ola pfv pfvr pf obrigado obrigada obg agora ja gente moco desculpe desculpa sim muito caralho imbecis
    """.split()
)
"""Words that change nothing wherever they stand: greetings, thanks, and what people say when they have had enough."""

CLASSES = {
    # May stand between and around the words of an order without counting.
    "FILLER": """
        i we am is are do the these those this that all any of me us my your you to from for more anymore again ever
        such further in on at with about every each so and here it them also myself
        police danbury city town department dept pd
        mi mis los las la el lo le les nos su sus tu tus de del que a al en estos estas estos esas esos este esta esto
        eso mas todos todas tantos tantas con policia ciudad
        eu meu meus minha minhas o os as um do da dos das na nas dessa desse desses dessas desta deste destes destas
        esse esses essa essas isso mais tudo com e y pra mim nenhum nenhuma ningun ninguna""",
    "HALT": "stop quit end cease halt discontinue stp",
    "CANCEL": """
        cancel mute silence disable deactivate cancell
        alto cancelar cancele cancelen cancela cancelame cancelenme cancelem canselar cansele cansela anular anule
        anulen desactivar desactive desactiven desactiva apagar apague apaguen apaga silenciar silencie silencien
        silencia parar pare paren parem detener detenga detengan suspender suspenda
        suspendan desligar desliga desligue desliguem desativar desativa desative desativem""",
    "UNSUB": """
        unsubscribe unsub unsuscribe unenroll unfollow optout stopall
        desuscribir desuscribirme desuscribirse desuscribame desuscribeme desuscribanme desubscribir desubscribirme
        desinscribir desinscribirme desinscribirse
        descadastr* desinscrever desinscreve desinscreva desinscrevam desinscricao""",
    "SENDING": """
        sending texting txting messaging msging notifying alerting contacting emailing mailing calling spamming pinging
        bothering bugging writing getting receiving send txt text message""",
    "REACH": "contact text txt message msg notify alert txting texting",
    "MESSAGES": """
        messages message texts text txts txt texs msgs msg sms alerts alert alrts advisories advisory notifications
        notification notifs notif updates
        mensajes mensaje mensajitos mensages textos texto alertas alerta avisos aviso notificaciones msjs msj mjs
        mensagens mensagem notificacoes notificacao""",
    "NOTES": """
        notices warnings emails stuff ones crap shit bulletins broadcasts communication communications
        comunicaciones mierda merda porra""",
    "THESE": "these those",
    "MANY": """
        messages texts msgs alerts advisories notifications notifs updates
        mensajes mensajitos textos alertas avisos notificaciones mensagens notificacoes
        mensaje alerta aviso mensagem""",
    "SUBSCRIPTION": "subscription subscriptions suscripcion subscripcion suscripsion assinatura inscricao",
    "TAKE": "take get remove drop delete erase scratch strike pull",
    "LIST": "list lists lsit lista listas grupo",
    "KIND": "text texting texts sms alert alerts mailing contact phone notification distribution avisos alertas",
    "NUMBER": "number phone cell cellphone numero telefono celular telefone",
    "NAME": "name nombre nome email correo number phone cell cellphone numero telefono celular telefone",
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
        salir salirme sair sai""",
    "QUITE": """
        quite quiten quita quitar borre borren borra borrar elimine eliminen elimina eliminar remueva remuevan saque
        saquen saca retire retiren
        tira tire tirem tirar remove remova removam remover exclui exclua excluam excluir apaga apague apaguem apagar
        retira retirem retirar deleta""",
    "DAR": "doy dar darme deme denme dame darse darnos dennos",
    "BAJA": "baja vaja",
    "NO": "no nao",
    "BECAUSE": "because cause bc since but as porque pues pero mas pois",
    "TOPIC": "",  # a topic that was named; the words come with the topics
}
"""Words by what they do in an order."""

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
    massages salvenme salvame salveme
    """.split()
)
"""Words that are never read as a misspelt one of these."""
