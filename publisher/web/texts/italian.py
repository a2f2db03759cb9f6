"""The readers' pages in Italian."""

from publisher.web.texts.words import Texts

ITALIAN = Texts(
    lang="it",
    months="gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre novembre"
    " dicembre",
    date="{day} {month} {year}",
    archive="Tutti i numeri",
    empty="Non è ancora uscito nessun numero.",
    empty_more="Ogni numero sarà qui dal giorno dell’uscita, in tutte le sue lingue.",
    newest="Ultimo numero",
    feeds="Feed",
    feed_more="Con questo indirizzo un lettore di feed riceve da sé i nuovi numeri.",
    licence="Licenza",
    newer="Più recente",
    older="Meno recente",
    original="Sul sito della newsletter",
    discuss="Parlane su",
    leave="Annulla l’iscrizione",
    leave_ask="Vuoi che smettiamo di inviarti {site}?",
    leave_address="Questo link appartiene a {address}.",
    leave_button="Sì, annulla l’iscrizione",
    leave_else="Non era ciò che volevi? Chiudi questa pagina: nulla è cambiato.",
    left="Iscrizione annullata",
    left_more="{site} non ti arriverà più per posta.",
    left_late="Un messaggio già in viaggio può ancora arrivare.",
    back="A tutti i numeri",
    join="Iscriviti per posta",
    join_to="Ricevi {site} per posta",
    join_more="Ti mandiamo un messaggio con un link. Sarai nella lista quando avrai confermato lì.",
    address="Il tuo indirizzo di posta",
    address_wrong="Non possiamo scrivere a questo indirizzo. Controllalo: dovrebbe somigliare ad"
    " ann@example.org.",
    address_jid="Va bene anche un indirizzo XMPP: xmpp:anna@example.org."
    " In tal caso arriva come messaggio.",
    editions="Lingue",
    editions_more="Un messaggio per ogni lingua che scegli.",
    else_after="Niente nelle mie lingue? Inviare in {language} dopo questo numero di giorni",
    else_more="Da 1 a 60. Lascia vuoto per aspettare quanto serve.",
    else_wrong="Indica un numero intero di giorni, da 1 a 60, oppure niente.",
    else_idle="Con questa scelta i giorni non contano: {language} arriva subito, o mai.",
    lists="Newsletter",
    lists_none="Scegline almeno una.",
    trap="Lascia vuoto questo campo",
    join_button="Iscriviti",
    once_more="Premi il pulsante ancora una volta.",
    asked="Ora guarda la tua posta",
    asked_more="Se {address} è giusto, un messaggio con un link è in viaggio. Sarai nella lista"
    " quando avrai confermato.",
    asked_late="Ancora nulla dopo qualche minuto? Guarda nella posta indesiderata. A uno stesso"
    " indirizzo mandiamo al massimo un messaggio di questo tipo al giorno.",
    asked_message="Ora guarda i tuoi messaggi",
    asked_message_more="Se {address} è giusto, un messaggio con un link è in"
    " arrivo. Sarai in lista non appena avrai confermato.",
    confirm="Conferma l’iscrizione",
    confirm_ask="Vuoi che d’ora in poi mandiamo {site} a {address}?",
    confirm_button="Sì, voglio iscrivermi",
    confirm_else="Non eri tu? Chiudi questa pagina: non arriverà altro.",
    confirmed="Iscrizione confermata",
    confirmed_more="{site} arriverà a {address}.",
    confirmed_later="In ogni messaggio c’è un link per annullare l’iscrizione o scegliere altro.",
    stale="Questo link non vale più",
    stale_more="Forse è troppo vecchio, è già stato usato, o gli manca la fine.",
    anew="Iscriviti di nuovo",
    choose="Che cosa ricevi",
    choose_rather="Scegli piuttosto che cosa ricevere",
    choose_button="Salva",
    chosen="Salvato.",
    failures={
        403: (
            "Qui non può farlo",
            "Il Suo account non lo permette, o la pagina era troppo vecchia: la ricarichi e"
            " riprovi.",
        ),
        404: (
            "Questa pagina non esiste",
            "Forse l’indirizzo è scritto male, o la pagina non è mai stata qui.",
        ),
        405: ("Qui non si può", "Questo indirizzo non accetta richieste di questo tipo."),
        413: ("Era troppo", "La richiesta era più grande di quanto questo indirizzo accetti."),
        429: (
            "Troppo in una volta",
            "Ci sono state più richieste di quante ne accettiamo in un’ora. Riprova più tardi.",
        ),
        500: (
            "Qualcosa è andato storto",
            "La colpa è nostra, ed è annotata. Riprova più tardi.",
        ),
        503: ("Non ora", "Riprova tra un minuto."),
    },
)
