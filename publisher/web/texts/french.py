"""The readers' pages in French."""

from publisher.web.texts.words import Texts

FRENCH = Texts(
    lang="fr",
    months="janvier février mars avril mai juin juillet août septembre octobre novembre décembre",
    date="{day} {month} {year}",
    archive="Tous les numéros",
    empty="Aucun numéro n’est encore paru.",
    empty_more="Chaque numéro sera ici dès sa parution, dans toutes ses langues.",
    newest="Dernier numéro",
    feeds="Flux",
    feed_more="Avec cette adresse, un lecteur de flux reçoit de lui-même les nouveaux numéros.",
    feeds_tags="Flux par sujet",
    licence="Licence",
    newer="Plus récent",
    older="Plus ancien",
    original="Sur le site de la lettre",
    discuss="En discuter sur",
    search="Rechercher",
    search_words="Des mots d'un numéro",
    search_lang="Langue",
    search_all="Toutes les langues",
    search_more="Saisissez un mot ou deux. Le début d'un mot suffit, et les accents ne"
    " comptent pas.",
    search_found="Résultats : {count}",
    search_none="Rien n'a été trouvé",
    search_none_more="Essayez moins de mots, d'autres mots, ou seulement le début d'un mot."
    " Tous les mots doivent figurer dans le même numéro ; les accents, les majuscules et les"
    " signes ne comptent pas.",
    search_anywhere="Chercher dans toutes les langues",
    search_before="Résultats précédents",
    search_after="Plus de résultats",
    leave="Se désabonner",
    leave_ask="Faut-il cesser de vous envoyer {site}\u00a0?",
    leave_address="Ce lien appartient à {address}.",
    leave_button="Oui, me désabonner",
    leave_else="Ce n’est pas ce que vous vouliez\u00a0? Fermez cette page, rien n’a changé.",
    left="Vous êtes désabonné(e)",
    left_more="{site} ne vous sera plus envoyé par courriel.",
    left_late="Un courriel déjà en route peut encore arriver.",
    back="Vers tous les numéros",
    join="S’abonner par courriel",
    join_to="Recevoir {site} par courriel",
    join_more="Nous vous envoyons un courriel avec un lien. Vous serez sur la liste après avoir"
    " confirmé sur cette page.",
    address="Votre adresse électronique",
    address_wrong="Nous ne pouvons pas écrire à cette adresse. Merci de la vérifier\u00a0: elle"
    " devrait ressembler à ann@example.org.",
    address_jid="Une adresse XMPP convient aussi : xmpp:anne@example.org."
    " Le tout arrive alors sous forme de message.",
    editions="Langues",
    editions_more="Un courriel pour chaque langue choisie.",
    else_after="Rien dans mes langues ? L’envoyer en {language} après ce nombre de jours",
    else_more="De 1 à 60. Laissez vide pour attendre le temps qu’il faudra.",
    else_wrong="Indiquez un nombre entier de jours, de 1 à 60, ou rien.",
    else_idle="Avec ce choix, les jours ne comptent pas : {language} arrive aussitôt, ou jamais.",
    lists="Lettres d’information",
    lists_none="Merci d’en choisir au moins une.",
    trap="Laissez ce champ vide",
    join_button="S’abonner",
    once_more="Merci d’appuyer encore une fois sur le bouton.",
    asked="Consultez maintenant vos courriels",
    asked_more="Si {address} est exacte, un courriel avec un lien est en route. Vous serez sur la"
    " liste dès que vous aurez confirmé.",
    asked_late="Toujours rien après quelques minutes\u00a0? Regardez parmi les indésirables. Nous"
    " envoyons au plus un courriel de ce type par jour à une même adresse.",
    asked_message="Regardez maintenant vos messages",
    asked_message_more="Si {address} est juste, un message avec un lien est en route."
    " Vous serez sur la liste dès que vous aurez confirmé.",
    confirm="Confirmer l’abonnement",
    confirm_ask="Voulez-vous recevoir désormais {site} à l’adresse {address}\u00a0?",
    confirm_button="Oui, m’abonner",
    confirm_else="Ce n’était pas vous\u00a0? Fermez simplement cette page\u00a0; rien d’autre ne"
    " viendra.",
    confirmed="Votre abonnement est confirmé",
    confirmed_more="{site} arrivera à l’adresse {address}.",
    confirmed_later="Chaque courriel contient un lien pour se désabonner ou choisir autre chose.",
    stale="Ce lien n’est plus valable",
    stale_more="Il est peut-être trop ancien, déjà utilisé, ou il lui manque la fin.",
    anew="S’abonner de nouveau",
    choose="Ce que vous recevez",
    choose_rather="Choisir plutôt ce que vous recevez",
    choose_button="Enregistrer",
    chosen="C’est enregistré.",
    failures={
        403: (
            "Cela ne vous est pas permis ici",
            "Votre compte ne le permet pas, ou la page était trop ancienne : rechargez-la et"
            " réessayez.",
        ),
        404: (
            "Cette page n’existe pas",
            "L’adresse est peut-être mal saisie, ou la page n’a jamais été ici.",
        ),
        405: ("Ce n’est pas possible ici", "Cette adresse n’accepte pas ce genre de requête."),
        413: ("C’était trop", "La requête était plus grande que cette adresse ne l’accepte."),
        429: (
            "Trop de demandes à la fois",
            "Il y a eu plus de demandes que nous n’en acceptons en une heure. Merci de réessayer"
            " plus tard.",
        ),
        500: (
            "Quelque chose s’est mal passé",
            "La faute est à nous, et elle est notée. Veuillez réessayer plus tard.",
        ),
        503: ("Pas pour le moment", "Veuillez réessayer dans une minute."),
    },
)
