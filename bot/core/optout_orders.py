"""What people type to be left alone, and to be told again, in the little language of `pattern.py`.

The three languages side by side; names in capitals are the classes of `optout_words.py`.
"""

ORDERS = """
    HALT|CANCEL MESSAGES|NOTES|THESE
    quite|quiten|quita|quitar|quitenme|quiteme|tira|tire|tirem MANY
    quite|quiten|quita|quitar|tira|tire|tirem los|las|os|as TOPIC
    HALT telling|informing|updating TOPIC
    make MESSAGES|NOTES|THESE stop
    HALT SENDING
    HALT SENDING MESSAGES|NOTES|THESE|anything|everything|me|them
    HALT|CANCEL SUBSCRIPTION
    UNSUB
    UNSUB NUMBER
    UNSUB KIND? MESSAGES|NOTES|THESE|LIST|everything|tudo|todo
    un subscribe|suscribe
    unsubscribed|removed|taken off? KIND? LIST|MESSAGES|NOTES|everything
    be unsubscribed|removed
    opt out
    opt out KIND? MESSAGES|NOTES|THESE|LIST|everything
    BAJA|salir|sair TOPIC
    TAKE me|NUMBER off
    TAKE me|NUMBER off|from|out KIND? LIST|MESSAGES|NOTES|THESE|system
    remove|delete from KIND? LIST
    TAKE me everything
    TAKE off KIND? LIST|MESSAGES|NOTES|THESE
    take off TOPIC
    remove|drop me
    remove|delete|erase|lose MINE phone|cell? NUMBER
    want|need off|out KIND? LIST|MESSAGES|THESE
    leave|exit KIND? LIST|MESSAGES
    no more MESSAGES|NOTES|THESE
    no more MESSAGES|NOTES NUMBER
    want no more MESSAGES|NOTES|THESE
    want no more MESSAGES|NOTES NUMBER
    not|never REACH me|NUMBER
    not bother|bug me MESSAGES|NOTES|THESE
    not|never REACH me TOPIC
    not|never call|write|email|bother|ping|bug me again|anymore|ever
    not|never send me
    not|never send MESSAGES|NOTES|THESE|anything|them|nothing
    no? not|never|longer WANT MESSAGES|NOTES|THESE
    no? not|never|longer WANT GET MESSAGES|NOTES|THESE|anything
    no? not|longer WANT GET these|those|them|this|it anymore|again
    no? not|never|longer WANT be TOLD
    not WANT you REACH|SENDING|send|call me
    no? not|longer interested MESSAGES|THESE
    no? not|longer WANT hear you
    done|sick|tired|through|fed MESSAGES
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
    chega|basta de|dessas|desses|das|dos|con|com MESSAGES
    NO|nunca me MANDEN mas|mais|nada|nunca|MESSAGES|NOTES
    NO|nunca MANDEN MESSAGES|NOTES|nada
    no me escriban|escriba|contacten|contacte|manden|envien|texteen
    nao me manda|mande|mandem|enviem|escreva|escrevam|contatem
    NO me llamen|llame|molesten|ligue|liguem mas|mais
    NO MANDEN|mandar|enviar mas|mais
    NO mandar|enviar MESSAGES|nada
    NO mas|mais MESSAGES|NOTES
    sem mais MESSAGES
    nada mas|mais de MESSAGES
    NO QUIERO MESSAGES|NOTES
    NO QUIERO recibir|receber
    NO QUIERO recibir|receber|saber|ver|ter|tener MESSAGES|NOTES
    NO QUIERO recibir|receber nada
    no QUIERO estos|estas|esos|esas
    nao QUIERO mais desses|dessas|esses|essas
    NO QUIERO que MANDEN
    NO QUIERO que MANDEN MESSAGES|nada
    QUITENME KIND? LIST|MESSAGES
    me QUITE KIND? LIST
    quitar|sacar|borrar|eliminar|tirar|remover KIND? LIST
    QUITE eu LIST
    remover|excluir|tirar|sai LIST
    me QUITE MESSAGES
    QUITE MINE NUMBER
    QUITE|delete|erase|take MINE phone|cell? NAME off? KIND? LIST|MESSAGES|NOTES|system
    DAR de BAJA
    DAR de BAJA MESSAGES|LIST|NUMBER|todo|SUBSCRIPTION
    solicito|pido|quiero|deseo|quisiera BAJA
    BAJA KIND? MESSAGES|LIST|SUBSCRIPTION
"""
"""Said with nothing but courtesies, fillers and asides in their clause, an order is one whatever else is written."""

WORDS = """
    stop|stopp|stpo|sotp|tsop|stp|sttop|stoop|st0p|srop|dtop|stopo|stap
    stop|cancel all|everything|todo|tudo
    all stop
    no stop|alto|parar|pare
    stop thank you
    stop end|cancel|quit|alto|parar|baja
    reply|text|say|send|answer stop
    alto|baja|vaja|parem|paren
    parar|pare|para|parem|paren|alto|cancelar|cancele|cancela|cancelem|cancelen todo|tudo
"""
"""Whole clauses that are an order when only courtesies and asides stand beside them."""

BARE = """
    discontinue
    end|quit|qiut|quitt|cancel|cancle|canel|cancell|canceled|revoke|exit|leave|remove|halt|cease|mute
    parar|pare|para|parad|detener|detenga|detengan|detente|salir|salirme|cancelar|cancele|cancelen|cancela|canselar
    fin|finalizar|terminar|anular
    sair|cancelem|encerrar|remover|desligar|parr
"""
"""Words so common that they are an order only when nothing but courtesies comes with them."""

DOUBTS = """
    stop it|this|that|them
    quit|cut it|that
    cut it out
    cancel it|them|this|that
    turn|shut it|them off
    leave me|us alone
    stop harassing me|us
    no more
    enough
    i? want|need to? stop
    i? said stop
    wrong number|person
    not interested
    basta|chega
    no MANY|TOPIC
    i? did? not|never sign|signed|ask|asked|subscribe|subscribed up? for? this|these|it?
    no mas
    dejenme|dejeme|dejame en paz|tranquilo|tranquila
    dejen|deje|deja de molestar|molestarme|joder|fregar|chingar
    quitenme|borrenme|saquenme|quiteme|saqueme|borreme
    quitenme|borrenme|saquenme|quiteme|saqueme|borreme de aqui
    no me molesten
    no los|las quiero
    yo? quiero|deseo|quisiera|necesito parar|cancelar|salir
    no quiero mas|nada
    cancelar mi? inscripcion
    cancelelos|canceleles|apaguelas|apaguelos
    numero|persona equivocado|equivocada
    no me interesa|interesan
    me? deixa|deixe|deixem me? em paz
    nao quero mais isso?
    para os|as? MANY
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
    start|resume|restart|reactivate MANY|TOPIC|THESE|SENDING
    start|resume|restart SENDING MANY|TOPIC|THESE|them
    start MANY|TOPIC|SENDING|THESE again
    subscribe|sign me again|back
    sign me up again
    subscribe me|again again|back
    opt me? back|in back|in|again
    turn MANY|NOTES|THESE|them back on
    want|need|send MANY|NOTES|THESE again|back
    reanudar|reanude|reanuden|reactivar|reactive|resuscribirme|resuscribir|reanuda MANY|TOPIC?
    volver|vuelva|vuelvan a recibir|mandarme|enviarme|mandar|enviar MANY|TOPIC?
    recibir|mandenme|mandeme|enviarme|mandarme|activar MANY|TOPIC? otra vez
    recibir|mandenme|mandeme|enviarme|mandarme|activar MANY|TOPIC? de nuevo
    empezar|iniciar|comenzar otra vez
    retomar|reativar|reative MANY|TOPIC?
    voltar|volte|voltem a receber|mandar|enviar MANY|TOPIC?
    receber|mandem|mandar|ativar MANY|TOPIC? de? novo|novamente
"""
"""Whole messages, fillers and wishes aside, that take a stop back."""

WISHES = """
    can|could|would|will you
    want|need|wish|going|trying|like be?
    would like be?
    said|told|asked|repeat|demand|request
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

ENDINGS = """
    NUMBER
    MESSAGES|NOTES
    i? beg|implore
    effective today|once?
    right away?
    today|once|good|forever|permanently|hoy|hoje|mismo|mesmo|nunca|jamas
    para siempre|sempre
    voces|ustedes
    too|so many|much
    son|sao demasiados|muchos|muitos
    NO QUIERO mas|mais
    seriously|really
"""
"""What may end an order without changing it: "to my phone", "de vocês", "right now" (whose "now" is a courtesy)."""

ASIDES = """
    BECAUSE? wrong number|person|guy
    BECAUSE? not interested
    BECAUSE? have|got wrong number|person
    BECAUSE? moved
    BECAUSE? am moving|busy|driving|working|retired
    BECAUSE? am at|in work|school|meeting|hospital|bed
    BECAUSE? have moved
    BECAUSE? no? not|longer live|reside|work
    BECAUSE? no? not|longer interested
    BECAUSE? did? not|never sign|signed|subscribe|subscribed|asked|ask|registered|register|agreed
    BECAUSE? spam
    why do|are? you? keep? texting|sending|messaging|contacting
    BECAUSE? no? not|longer WANT THESE|MESSAGES|them|it
    BECAUSE? who is|are this|you
    BECAUSE? not my NUMBER
    BECAUSE? getting? too many|much MESSAGES|NOTES|THESE
    BECAUSE? keep getting|receiving|sending|texting
    changed|change my mind
    BECAUSE? am not in|from
    BECAUSE? NO estoy|estou en|em
    or will|sue|report|block
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
    BECAUSE? son|sao demasiados|muchos|muitos MESSAGES
    BECAUSE? sao MESSAGES demais
    BECAUSE? demasiados|muitos MESSAGES
    dias|tardes|noches
    bom|boa dia|tarde|noite
    thank you
    BECAUSE? este|esse NUMBER NO
    BECAUSE? mudei|mudamos
    BECAUSE? me mudei
    BECAUSE? NO tenho|estou interesse|interessado|interessada
    BECAUSE? quem|quien e|es
"""
"""Reasons and greetings beside an order; the rest of their clause may say anything."""
