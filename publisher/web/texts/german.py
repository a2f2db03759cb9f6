"""The readers' pages in German."""

from publisher.web.texts.words import Texts

GERMAN = Texts(
    lang="de",
    months="Januar Februar März April Mai Juni Juli August September Oktober November Dezember",
    date="{day}. {month} {year}",
    archive="Alle Ausgaben",
    empty="Noch ist keine Ausgabe erschienen.",
    empty_more="Jede Ausgabe steht ab ihrem Erscheinen hier, in allen ihren Sprachen.",
    newest="Neueste Ausgabe",
    feeds="Feed",
    feed_more="Mit dieser Adresse holt ein Feed-Reader neue Ausgaben von selbst.",
    feeds_tags="Feeds nach Themen",
    licence="Lizenz",
    newer="Neuer",
    older="Älter",
    original="Auf der Seite des Newsletters",
    discuss="Mitreden auf",
    search="Suchen",
    search_words="Wörter aus einer Ausgabe",
    search_lang="Sprache",
    search_all="Alle Sprachen",
    search_more="Gib ein, zwei Wörter ein. Der Anfang eines Wortes genügt, und Akzente"
    " spielen keine Rolle.",
    search_found="Gefunden: {count}",
    search_none="Nichts gefunden",
    search_none_more="Versuch es mit weniger oder anderen Wörtern oder nur dem Anfang eines"
    " Wortes. Alle Wörter müssen in derselben Ausgabe stehen; Akzente, Großschreibung und"
    " Zeichen spielen keine Rolle.",
    search_anywhere="In allen Sprachen suchen",
    search_before="Vorige Treffer",
    search_after="Weitere Treffer",
    leave="Newsletter abbestellen",
    leave_ask="Sollen wir dir {site} nicht mehr schicken?",
    leave_address="Dieser Link gehört zu {address}.",
    leave_button="Ja, abbestellen",
    leave_else="Doch nicht? Schließ einfach diese Seite; es hat sich nichts geändert.",
    left="Du bist abgemeldet",
    left_more="{site} kommt nicht mehr per Mail zu dir.",
    left_late="Eine Mail, die schon unterwegs ist, kann noch ankommen.",
    back="Zu allen Ausgaben",
    join="Per Mail abonnieren",
    join_to="{site} per Mail bekommen",
    join_more="Wir schicken dir eine Mail mit einem Link. Auf der Liste stehst du, sobald du"
    " dort bestätigt hast.",
    address="Deine Mailadresse",
    address_wrong="An diese Adresse können wir nicht schreiben. Bitte prüf sie: Sie sollte etwa so"
    " aussehen: ann@example.org.",
    address_jid="Eine XMPP-Adresse geht auch: xmpp:anna@example.org. Dann kommt es als Nachricht.",
    editions="Sprachen",
    editions_more="Je gewählter Sprache eine Mail.",
    else_after="Noch nichts in meinen Sprachen? Dann nach so vielen Tagen auf {language}",
    else_more="Von 1 bis 60. Bleibt das Feld leer, warten wir, solange es eben dauert.",
    else_wrong="Bitte gib eine ganze Zahl von Tagen an, von 1 bis 60, oder nichts.",
    else_idle="Bei dieser Wahl bedeuten die Tage nichts: {language} kommt gleich oder gar nicht.",
    lists="Newsletter",
    lists_none="Bitte wähl mindestens einen aus.",
    trap="Dieses Feld bitte leer lassen",
    join_button="Abonnieren",
    once_more="Bitte drück noch einmal auf den Knopf.",
    asked="Schau jetzt in deine Mails",
    asked_more="Wenn {address} stimmt, ist eine Mail mit einem Link unterwegs. Auf der Liste stehst"
    " du, sobald du dort bestätigt hast.",
    asked_late="Nach ein paar Minuten noch nichts da? Sieh im Spam nach. An eine Adresse schicken"
    " wir höchstens eine solche Mail am Tag.",
    asked_message="Schau jetzt in deine Nachrichten",
    asked_message_more="Wenn {address} stimmt, ist eine Nachricht mit einem Link unterwegs."
    " Du stehst auf der Liste, sobald du dort bestätigt hast.",
    confirm="Abonnement bestätigen",
    confirm_ask="Sollen wir {site} von jetzt an an {address} schicken?",
    confirm_button="Ja, abonnieren",
    confirm_else="Das warst du nicht? Schließ einfach diese Seite; es kommt nichts weiter.",
    confirmed="Du hast abonniert",
    confirmed_more="{site} kommt von jetzt an zu {address}.",
    confirmed_later="In jeder Mail steht ein Link, um etwas anderes zu wählen oder abzubestellen.",
    stale="Dieser Link gilt nicht mehr",
    stale_more="Vielleicht ist er zu alt, wurde schon benutzt, oder sein Ende fehlt.",
    anew="Neu abonnieren",
    choose="Was du bekommst",
    choose_rather="Lieber etwas anderes wählen",
    choose_button="Speichern",
    chosen="Gespeichert.",
    failures={
        403: (
            "Das darfst du hier nicht",
            "Dein Konto darf das nicht, oder die Seite war zu alt: lade sie neu, und versuch"
            " es noch einmal.",
        ),
        404: (
            "Diese Seite gibt es nicht",
            "Vielleicht ist die Adresse vertippt, oder die Seite war nie hier.",
        ),
        405: ("Das geht hier nicht", "Diese Adresse nimmt solche Anfragen nicht an."),
        413: ("Das war zu viel", "Die Anfrage war größer, als diese Adresse annimmt."),
        429: (
            "Zu viel auf einmal",
            "Es kamen mehr Anfragen, als wir in einer Stunde annehmen. Bitte versuch es später"
            " noch einmal.",
        ),
        500: (
            "Da ging etwas schief",
            "Es liegt an uns und steht in unserem Log. Bitte versuch es später noch einmal.",
        ),
        503: ("Gerade nicht", "Bitte versuch es in einer Minute noch einmal."),
    },
)
